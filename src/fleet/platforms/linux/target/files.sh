# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # the variables of common.sh, the fields of the manifest
# Files: makes the managed paths what the system says and puts every other path back to what was found there.
#
# The journal, one for /etc (on disk) and one for /run (volatile), has for each path that any system replaced:
#   saved/KEY      a copy of what was found, with mode, owner and times      } exactly one of the two,
#   absent/KEY     nothing was found there                                   } complete before the path changes
#   installed/KEY  what we put there: `link TARGET`, `file SHA256` or `none`, a line for each that may be there
#   dirs/KEY       a directory that we made to hold a managed path
# KEY is the path without its first slash, the other slashes as `%` (which no managed path contains).
#
# 1. record: save what is not saved yet, note what will be installed, sync.
# 2. restore: put back each recorded path that is not managed, sync, then drop its record.
# 3. install: write all new files beside their places, sync, rename them, sync.
# Each step only depends on the journal and the system, so that it can be repeated from any point.

key_of() {
  key=${1#/}
  while :; do
    case $key in
      */*) key="${key%%/*}%${key#*/}" ;;
      *) return 0 ;;
    esac
  done
}

path_of() {
  path=$1
  while :; do
    case $path in
      *%*) path="${path%%\%*}/${path#*%}" ;;
      *) break ;;
    esac
  done
  path=/$path
}

journal_of() {
  case $1 in
    /run/* | run%*) journal=$volatile/originals ;;
    *) journal=$state/originals ;;
  esac
}

# The place beside PATH where its next version is written.
temporary_of() { temporary=${1%/*}/.nixus-new.${1##*/}; }

has_record() { exists "$journal/saved/$key" || [ -e "$journal/absent/$key" ]; }

# What is at a path now, in the words of installed/KEY.
identity_of() {
  if [ -L "$1" ]; then
    identity="link $(readlink -- "$1")"
  elif [ -f "$1" ]; then
    identity=$(sha256sum <"$1") || return 1
    identity="file ${identity%% *}"
  elif [ -e "$1" ]; then
    identity=other
  else
    identity=none
  fi
}

# A managed path that somebody else changed since: the version found is kept before it goes.
keep_foreign_version() {
  identity_of "$path" || return 1
  case $identity in none | other) return 0 ;; esac
  if has_line "$journal/installed/$key" "$identity"; then return 0; fi
  kv_now=$identity
  if exists "$journal/saved/$key"; then
    identity_of "$journal/saved/$key" || return 1
    if [ "$identity" = "$kv_now" ]; then return 0; fi
  fi
  kv_number=1
  while exists "$state/kept/$key.$kv_number"; do kv_number=$((kv_number + 1)); done
  mkdir -p "$state/kept" && chmod 700 "$state/kept" &&
    cp -a -- "$path" "$state/kept/$key.$kv_number" || return 1
  warn "$path was changed on the machine since it was activated; that version is kept as $state/kept/$key.$kv_number"
}

# Notes the missing directories above $path and marks all of them as needed. $parent_is_ours is set when something
# that we put there stands in the place of one: it goes in step 2, and what is seen through it was not found there.
record_parents() {
  parent_is_ours=
  rp_dir=${path%/*}
  while [ -n "$rp_dir" ]; do
    key_of "$rp_dir"
    : >"$work/parents/$key"
    if has_record; then parent_is_ours=1; fi
    if [ ! -d "$rp_dir" ] || { has_record && [ -L "$rp_dir" ]; }; then
      : >"$journal/dirs/$key" || return 1
    fi
    rp_dir=${rp_dir%/*}
  done
}

# What was found at $path: in $original, empty when there was nothing.
original_of() {
  original=
  if exists "$journal/saved/$key"; then
    original=$journal/saved/$key
  elif [ ! -e "$journal/absent/$key" ] && exists "$path"; then
    original=$path
  fi
}

# Whether a main sshd_config reads /etc/ssh/sshd_config.d before any Match block.
includes_directory() {
  [ -e "$1" ] || return 1
  while read -r id_keyword id_rest || [ -n "$id_keyword" ]; do
    case $id_keyword in
      [Ii][Nn][Cc][Ll][Uu][Dd][Ee]) case $id_rest in *sshd_config.d/*) return 0 ;; esac ;;
      [Mm][Aa][Tt][Cc][Hh]) return 1 ;;
    esac
  done <"$1"
  return 1
}

# Contents that depend on what was found: written to the work directory, then treated as any copy.
# Sets kind, mode, user, group, source; kind `unmanaged` when the machine's own file will do.
render() {
  case $kind in append | sshd-include) ;; *) return 0 ;; esac
  key_of "$path"
  original_of
  mode=0644 user=0 group=0
  if [ -n "$original" ]; then
    re_attributes=$(stat -L -c '%a %u %g' -- "$original") || return 1
    mode=${re_attributes%% *} group=${re_attributes##* }
    user=${re_attributes#* } user=${user% *}
  fi
  re_out=$work/contents/$key
  case $kind in
    append)
      if [ -n "$original" ]; then cat -- "$original"; fi >"$re_out" &&
        cat -- "$source" >>"$re_out" || return 1
      ;;
    sshd-include)
      # Without a file in /etc the machine's sshd reads one elsewhere (/usr/etc), or runs with its defaults.
      if [ -z "$original" ] || includes_directory "$original"; then
        kind=unmanaged
        return 0
      fi
      { say 'Include /etc/ssh/sshd_config.d/*.conf' && cat -- "$original"; } >"$re_out" || return 1
      ;;
  esac
  kind=copy source=$re_out
}

# The manifest with contents rendered, to $work/files. Changes nothing outside the work directory.
plan_files() {
  rm -rf -- "$work/wanted" "$work/parents" "$work/contents" && mkdir -p "$work/wanted" "$work/parents" "$work/contents" || return 1
  : >"$work/files"
  while read -r kind path mode user group source; do
    journal_of "$path"
    render || return 1
    [ "$kind" != unmanaged ] || continue
    key_of "$path"
    : >"$work/wanted/$key" || return 1
    printf '%s %s %s %s %s %s\n' "$kind" "$path" "$mode" "$user" "$group" "$source" >>"$work/files" || return 1
  done <"$system/manifest/files"
}

# Refuses paths that cannot become what the system wants without losing something.
check_files() {
  chf_status=0
  while read -r kind path mode user group source; do
    journal_of "$path"
    key_of "$path"
    if [ -d "$path" ] && [ ! -L "$path" ] && [ ! -e "$journal/dirs/$key" ]; then
      problem "$path is a directory on this machine; name the files in it one by one"
      chf_status=1
    fi
    chf_dir=${path%/*}
    while [ -n "$chf_dir" ]; do
      key_of "$chf_dir"
      if exists "$chf_dir" && [ ! -d "$chf_dir" ] && ! has_record; then
        problem "$path cannot be made: $chf_dir is not a directory on this machine"
        chf_status=1
      fi
      chf_dir=${chf_dir%/*}
    done
    case $kind in
      copy | append)
        if [ ! -f "$source" ]; then
          problem "$path cannot be made: $source is not a file"
          chf_status=1
        fi
        ;;
    esac
  done <"$work/files"
  return $chf_status
}

record_files() {
  for journal in "$state/originals" "$volatile/originals"; do
    mkdir -p "$journal/saved" "$journal/absent" "$journal/installed" "$journal/dirs" || return 1
  done
  while read -r kind path mode user group source; do
    journal_of "$path"
    record_parents || return 1
    key_of "$path"
    if has_record; then
      [ -n "$parent_is_ours" ] || keep_foreign_version || return 1
    elif [ -n "$parent_is_ours" ] || ! exists "$path"; then
      [ "$kind" != absent ] || continue
      : >"$journal/absent/$key" || return 1
    elif [ -d "$path" ] && [ ! -L "$path" ]; then
      # Left by what is managed now and makes room in step 2, or refused in step 3.
      : >"$journal/absent/$key" || return 1
    else
      cp -a -T -- "$path" "$journal/saved/.new" && mv -T -- "$journal/saved/.new" "$journal/saved/$key" || return 1
    fi
    case $kind in
      link) identity="link $source" ;;
      absent) identity=none ;;
      *) identity=$(sha256sum <"$source") && identity="file ${identity%% *}" || return 1 ;;
    esac
    if ! has_line "$journal/installed/$key" "$identity"; then
      printf '%s\n' "$identity" >>"$journal/installed/$key" || return 1
    fi
  done <"$work/files"
  for journal in "$state/originals" "$volatile/originals"; do
    for record in "$journal"/saved/* "$journal"/absent/*; do
      exists "$record" || continue
      key=${record##*/}
      path_of "$key"
      [ -e "$work/wanted/$key" ] || keep_foreign_version || return 1
    done
  done
  sync -f "$state"
}

# The directories that only we needed; innermost first. A directory with something else in it stays.
prune_directories() {
  for journal in "$state/originals" "$volatile/originals"; do
    pd_list=
    for record in "$journal"/dirs/*; do
      [ -e "$record" ] || continue
      pd_list="${record##*/} $pd_list"
    done
    for key in $pd_list; do
      [ ! -e "$work/parents/$key" ] || continue
      path_of "$key"
      if [ -d "$path" ] && ! rmdir -- "$path" 2>/dev/null; then continue; fi
      rm -f -- "$journal/dirs/$key"
    done
  done
}

restore_one() {
  temporary_of "$path"
  rm -f -- "$temporary"
  if exists "$journal/saved/$key"; then
    mkdir -p -- "${path%/*}" &&
      cp -a -T -- "$journal/saved/$key" "$temporary" &&
      mv -T -- "$temporary" "$path"
  elif [ -d "$path" ] && [ ! -L "$path" ]; then
    : # somebody made a directory of it: theirs
  else
    rm -f -- "$path"
  fi
}

restore_files() {
  rf_status=0
  : >"$work/restored"
  for journal in "$state/originals" "$volatile/originals"; do
    for record in "$journal"/saved/* "$journal"/absent/*; do
      exists "$record" || continue
      key=${record##*/}
      [ ! -e "$work/wanted/$key" ] || continue
      path_of "$key"
      if restore_one; then
        printf '%s\n' "$key" >>"$work/restored"
      else
        problem "$path could not be put back; the version found on the machine is $record"
        rf_status=1
      fi
    done
  done
  if [ -s "$work/restored" ]; then
    sync -f /etc || return 1
    while IFS= read -r key; do
      journal_of "$key"
      # The record itself goes last: without it the rest means nothing.
      rm -f -- "$journal/installed/$key" && rm -f -- "$journal/saved/$key" "$journal/absent/$key" || rf_status=1
    done <"$work/restored"
  fi
  prune_directories
  return $rf_status
}

# Whether $path is what the system wants already.
is_installed() {
  case $kind in
    absent) ! exists "$path" ;;
    link) [ -L "$path" ] && [ "$(readlink -- "$path")" = "$source" ] ;;
    copy)
      [ -f "$path" ] && [ ! -L "$path" ] && cmp -s -- "$source" "$path" || return 1
      # The manifest may say either names or numbers.
      stat -c '%a %U %u %G %g' -- "$path" >"$work/attributes" &&
        read -r ii_mode ii_user ii_uid ii_group ii_gid <"$work/attributes" || return 1
      [ "$ii_mode" = "${mode#0}" ] || return 1
      case $user in "$ii_user" | "$ii_uid") ;; *) return 1 ;; esac
      case $group in "$ii_group" | "$ii_gid") ;; *) return 1 ;; esac
      ;;
  esac
}

stage_one() {
  temporary_of "$path"
  rm -f -- "$temporary"
  case $kind in
    absent) return 0 ;;
    link) mkdir -p -- "${path%/*}" && ln -s -- "$source" "$temporary" ;;
    copy)
      mkdir -p -- "${path%/*}" &&
        (umask 077 && cat -- "$source" >"$temporary") &&
        chown -- "$user:$group" "$temporary" &&
        chmod -- "$mode" "$temporary"
      ;;
  esac
}

place_one() {
  temporary_of "$path"
  case $kind in
    absent) rm -f -- "$path" ;;
    *) mv -T -- "$temporary" "$path" ;;
  esac
}

install_files() {
  if_status=0
  : >"$work/staged"
  while read -r kind path mode user group source; do
    if is_installed; then continue; fi
    if stage_one; then
      printf '%s %s\n' "$kind" "$path" >>"$work/staged"
    else
      problem "$path could not be written"
      rm -f -- "$temporary"
      if_status=1
    fi
  done <"$work/files"
  if [ -s "$work/staged" ]; then
    sync -f /etc || return 1
    while read -r kind path; do
      if ! place_one; then
        problem "$path could not be replaced"
        rm -f -- "$temporary"
        if_status=1
      fi
    done <"$work/staged"
    sync -f /etc || return 1
  fi
  [ $if_status = 0 ] || return 1
  # All is in place: what was there before is no longer to be expected.
  while read -r kind path mode user group source; do
    journal_of "$path"
    key_of "$path"
    [ -e "$journal/installed/$key" ] || continue
    identity_of "$path" || return 1
    { IFS= read -r if_line && ! IFS= read -r if_more; } <"$journal/installed/$key"
    if [ "$if_line" != "$identity" ] || [ -n "$if_more" ]; then
      write_file "$journal/installed/$key" "$identity" || return 1
    fi
  done <"$work/files"
}

# Leftovers of an interrupted run beside recorded paths.
remove_temporaries() {
  for journal in "$state/originals" "$volatile/originals"; do
    for record in "$journal"/saved/* "$journal"/absent/*; do
      exists "$record" || continue
      path_of "${record##*/}"
      temporary_of "$path"
      if exists "$temporary"; then rm -f -- "$temporary"; fi
    done
  done
}

apply_files() {
  record_files || return 1
  remove_temporaries
  af_status=0
  restore_files || af_status=1
  install_files || af_status=1
  sync -f "$state" || af_status=1
  return $af_status
}

# Whether any path is still replaced.
has_records() {
  for journal in "$state/originals" "$volatile/originals"; do
    for record in "$journal"/saved/* "$journal"/absent/*; do
      if exists "$record"; then return 0; fi
    done
  done
  return 1
}
