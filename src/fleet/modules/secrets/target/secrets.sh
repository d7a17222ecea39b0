# shellcheck shell=sh
# shellcheck disable=SC2034,SC2094  # fields of the manifest, which is only read
# The secrets of a system on its machine: moves those that were sent to their places, with their owners. Read by the
# activation of both platforms; uses coreutils only. docs/reference/secrets.md explains the whole.
#
#   BASE/pending/DEPLOYMENT/FILE       sent, root's, not in use yet
#   BASE/USER+GROUP+MODE/FILE          in use; FILE never changes, since its name tells its content and its owner
#
# BASE is one of these two; the second is in memory.
secrets_disk=/var/lib/nixus/secrets
secrets_memory=/run/nixus/secrets

# install_secrets MANIFEST early|all: whatever of it is not at its place and was sent comes there, complete and with
# its owner. What is there already stays untouched. Fails when a secret on disk is missing or has no owner.
install_secrets() {
  [ -e "$1" ] || return 0
  is_status=0
  is_done=' '
  while read -r is_place is_user is_group is_mode is_file is_early is_path is_pointer is_marker; do
    case $is_place in disk | memory) ;; *) continue ;; esac
    is_owners="$is_place/$is_user+$is_group+$is_mode"
    case $is_done in *" $is_owners "*) continue ;; esac
    is_done="$is_done$is_owners "
    install_owned "$1" "$2" || is_status=1
  done <"$1"
  return $is_status
}

# All secrets of the manifest with the place, owner and mode that install_secrets is at.
install_owned() {
  io_manifest=$1 io_which=$2 io_status=0
  if [ "$is_place" = disk ]; then io_base=$secrets_disk; else io_base=$secrets_memory; fi
  io_directory="$io_base/$is_user+$is_group+$is_mode"
  io_any=
  set --
  while read -r io_place io_user io_group io_mode io_file io_early io_path io_pointer io_marker; do
    [ "$io_place/$io_user+$io_group+$io_mode" = "$is_owners" ] || continue
    if [ "$io_which" = early ] && [ "$io_early" != 1 ]; then continue; fi
    [ -L "$io_pointer" ] || [ -e "$io_marker" ] || continue
    io_any=1
    if [ -e "$io_directory/$io_file" ]; then continue; fi
    for io_sent in "$io_base"/pending/*/"$io_file"; do
      if [ -f "$io_sent" ]; then
        set -- "$@" "$io_sent"
        continue 2
      fi
    done
    if [ "$is_place" = memory ]; then
      printf 'warning: the secret %s is not on this machine; the next deployment sends it\n' "$io_file" >&2
    else
      printf 'error: the secret %s is not on this machine\n' "$io_file" >&2
      io_status=1
    fi
  done <"$io_manifest"
  [ -n "$io_any" ] || return 0
  own_directory || return 1
  if [ $# -gt 0 ]; then
    chown -- "$is_user:$is_group" "$@" && chmod -- "$is_mode" "$@" && mv -- "$@" "$io_directory/" || return 1
  fi
  return $io_status
}

# The directory of these owners, that nobody else can pass. An account that got another number gets its files again.
own_directory() {
  case $is_mode in
    *[4567]?) od_mode=510 ;;
    *) od_mode=500 ;;
  esac
  if [ ! -d "$io_directory" ]; then
    # Others pass the base, and see nothing in it.
    mkdir -p -- "$io_base" && chmod 711 -- "$io_base" && (umask 077 && mkdir -- "$io_directory") || return 1
  fi
  [ "$(stat -c '%U:%G %a' -- "$io_directory")" != "$is_user:$is_group $od_mode" ] || return 0
  chown -R -h -P -- "$is_user:$is_group" "$io_directory" && chmod "$od_mode" -- "$io_directory"
}

# link_secrets MANIFEST: the links at stable paths, for a platform that does not manage them as files. A link that an
# earlier system had and this one has not goes; a file of somebody else's stays, and is a failure.
link_secrets() {
  ls_status=0
  ls_made=$secrets_disk/links
  mkdir -p -- "$secrets_disk" && chmod 711 -- "$secrets_disk" || return 1
  : >"$ls_made.new" || return 1
  while read -r ls_place ls_user ls_group ls_mode ls_file ls_early ls_path ls_pointer ls_marker; do
    case $ls_place in disk | memory) ;; *) continue ;; esac
    [ -L "$ls_pointer" ] || [ -e "$ls_marker" ] || continue
    if [ "$ls_place" = disk ]; then ls_target=$secrets_disk; else ls_target=$secrets_memory; fi
    ls_target="$ls_target/$ls_user+$ls_group+$ls_mode/$ls_file"
    printf '%s\n' "$ls_path" >>"$ls_made.new"
    if [ -e "$ls_path" ] && [ ! -L "$ls_path" ]; then
      printf 'error: %s is there already, and is not the link to a secret that it shall be; move it away\n' "$ls_path" >&2
      ls_status=1
    elif [ "$(readlink -- "$ls_path")" != "$ls_target" ]; then
      mkdir -p -- "${ls_path%/*}" && ln -s -f -n -- "$ls_target" "$ls_path.nixus-new" &&
        mv -T -- "$ls_path.nixus-new" "$ls_path" || ls_status=1
    fi
  done <"$1"
  if [ -e "$ls_made" ]; then
    while read -r ls_path; do
      if [ -L "$ls_path" ] && ! grep -qxF -- "$ls_path" "$ls_made.new"; then rm -f -- "$ls_path"; fi
    done <"$ls_made"
  fi
  mv -- "$ls_made.new" "$ls_made" || ls_status=1
  return $ls_status
}
