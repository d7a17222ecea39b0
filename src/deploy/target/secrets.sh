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

# Deployments that never came to their end, more than a day ago.
wipe_abandoned() {
  for abandoned in "$state_dir"/secrets/pending/* "$run_dir"/secrets/pending/*; do
    if [ -d "$abandoned" ] && [ "$(($(date +%s) - $(stat -c %Y -- "$abandoned")))" -gt 86400 ]; then
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

# collect_secrets: wipes every secret that none of these systems refers to. Who owns a directory may have put anything
# in it: files are moved to one that is ours before anything is done to them.
collect_secrets() {
  newline='
'
  kept_secrets=$newline$(kept_manifests)$newline
  for place in disk memory; do
    if [ "$place" = disk ]; then base=$state_dir/secrets; else base=$run_dir/secrets; fi
    set --
    for secret in "$base"/*+*+*/*; do
      if [ ! -e "$secret" ] && [ ! -L "$secret" ]; then continue; fi
      owners=${secret%/*}
      owners=${owners##*/}
      rest=${owners#*+}
      case $kept_secrets in
      *"$newline$place ${owners%%+*} ${rest%%+*} ${rest#*+} ${secret##*/} "*) ;;
      *) set -- "$@" "$secret" ;;
      esac
    done
    [ $# -gt 0 ] || continue
    rm -rf -- "${base:?}/leaving"
    (umask 077 && mkdir -- "$base/leaving") && mv -f -- "$@" "$base/leaving/" || return 1
    set --
    for secret in "$base"/leaving/*; do
      if [ -f "$secret" ] && [ ! -L "$secret" ]; then set -- "$@" "$secret"; fi
    done
    wipe "$@"
    rm -rf -- "${base:?}/leaving"
    rmdir -- "$base"/*+*+* 2>/dev/null
  done
  return 0
}
