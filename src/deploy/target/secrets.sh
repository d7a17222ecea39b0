# shellcheck shell=sh
# Secrets that came and secrets that go, on the machine being deployed. After common.sh; part of the switcher.
# What is in between, the installation at their places, is the activation's (src/fleet/modules/secrets/target/).

# wipe FILE...: overwritten, then removed. What a file system keeps of it elsewhere (a journal, a copy on write, the
# spare blocks of a disk) is out of reach.
wipe() {
  [ $# -gt 0 ] || return 0
  shred -n 1 -u -- "$@" 2>/dev/null || rm -f -- "$@"
}

# wipe_pending ID: what was sent by that deployment and not put into use.
wipe_pending() {
  for base in "$state_dir/secrets" "$run_dir/secrets"; do
    [ -d "$base/pending/${1:?}" ] || continue
    for sent in "$base/pending/$1"/*; do
      if [ -f "$sent" ]; then wipe "$sent"; fi
    done
    rm -rf -- "$base/pending/${1:?}"
  done
}

# Of deployments that never came to their end: since a reboot or a power cut, or for more than a day. What the one under
# way has sent stays, whatever the clock says.
wipe_abandoned() {
  for abandoned in "$state_dir"/secrets/pending/* "$run_dir"/secrets/pending/*; do
    [ -d "$abandoned" ] && [ "${abandoned##*/}" != "$(field "$lock" id)" ] || continue
    if [ ! -d "$run_dir/secrets/pending/${abandoned##*/}" ] ||
      [ "$(($(date +%s) - $(stat -c %Y -- "$abandoned")))" -gt 86400 ]; then
      wipe_pending "${abandoned##*/}"
    fi
  done
}

# What the systems say about their secrets that this machine runs, has booted, or can be told to go back to.
kept_manifests() {
  for kept in "$current_system" "$booted_system" "$profile" "$profile"-*-link; do
    if [ -r "$kept/nixus-secrets" ]; then cat -- "$kept/nixus-secrets"; fi
  done
}

# missing_in_memory: files of secrets that the running system has in memory, and that are not there.
missing_in_memory() {
  [ -r "$current_system/nixus-secrets" ] || return 0
  while read -r missing_place missing_user missing_group missing_mode missing_file _ _ missing_pointer missing_marker; do
    [ "$missing_place" = memory ] || continue
    # A system lists all that are defined; those that it refers to are in its store.
    if [ ! -L "$root$missing_pointer" ] && [ ! -e "$root$missing_marker" ]; then continue; fi
    [ -e "$run_dir/secrets/$missing_user+$missing_group+$missing_mode/$missing_file" ] || printf '%s\n' "$missing_file"
  done <"$current_system/nixus-secrets"
}

# What a receiver left that was killed, or was cut off with its machine: `receiving-DEPLOYMENT:PID:START`.
wipe_unreceived() {
  for unreceived in "$state_dir"/secrets/receiving-* "$run_dir"/secrets/receiving-*; do
    [ -d "$unreceived" ] || continue
    receiver=${unreceived##*/}
    receiver=${receiver#*:}
    process_lives "${receiver%:*}" "${receiver#*:}" || wipe_unwritten "$unreceived"
  done
}

# wipe_unwritten DIRECTORY: what was not received as a whole.
wipe_unwritten() {
  for unwritten in "${1:?}"/*/*; do
    if [ -f "$unwritten" ]; then wipe "$unwritten"; fi
  done
  rm -rf -- "$1"
}

# collect_secrets: wipes every secret that none of these systems refers to. Who owns a directory may have put anything
# in it: files are moved to one that is ours before anything is done to them.
collect_secrets() {
  newline='
'
  kept_secrets=$newline$(kept_manifests)$newline
  collected=0
  wipe_unreceived
  wipe_abandoned
  for place in disk memory; do
    if [ "$place" = disk ]; then base=$state_dir/secrets; else base=$run_dir/secrets; fi
    wipe_leaving "$base"
    for owners in "$base"/*+*+*; do
      if [ -d "$owners" ]; then take_leaving "$place" "$base" "${owners##*/}" || collected=1; fi
    done
    wipe_leaving "$base"
    rmdir -- "$base"/*+*+* 2>/dev/null
  done
  return $collected
}

# take_leaving PLACE BASE OWNERS: moves what is not kept of these owners.
take_leaving() {
  leaving_place=$1 leaving_base=$2 leaving_owners=$3
  owner=${3%%+*}
  rest=${3#*+}
  set --
  for secret in "$leaving_base/$leaving_owners"/*; do
    if [ ! -e "$secret" ] && [ ! -L "$secret" ]; then continue; fi
    case $kept_secrets in
    *"$newline$leaving_place $owner ${rest%%+*} ${rest#*+} ${secret##*/} "*) ;;
    *) set -- "$@" "$secret" ;;
    esac
  done
  [ $# -gt 0 ] || return 0
  (umask 077 && mkdir -p -- "$leaving_base/leaving/$leaving_owners") &&
    mv -f -- "$@" "$leaving_base/leaving/$leaving_owners/"
}

# wipe_leaving BASE: also what an interrupted one had taken.
wipe_leaving() {
  [ -d "${1:?}/leaving" ] || return 0
  leaving=$1/leaving
  set --
  for secret in "$leaving"/*/*; do
    if [ -f "$secret" ] && [ ! -L "$secret" ]; then set -- "$@" "$secret"; fi
  done
  wipe "$@"
  rm -rf -- "$leaving"
}
