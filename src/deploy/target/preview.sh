# shellcheck shell=sh
# What a deployment would change. Sent over SSH after common.sh with these set:
#
#   preview_system, preview_running   store paths of the new system and of the one that runs; neither need be there
#   preview_how                       `sent`: the store objects that the machine lacks come over standard input, as an
#                                     archive (NAR) of a directory; `there`: the new system is in the store; `no`
#   preview_seconds                   how long a dry activation may take
#
# Changes nothing: what is sent and what the dry activation writes are in a file system in memory that only these
# processes see, and that goes with them. Output: KEY=VALUE lines between `nixus-preview=1` and `end=`.

fact() {
  printf '%s=%s\n' "$1" "$2"
}

# lines KEY FILE
lines() {
  [ -r "$2" ] || return 0
  while IFS= read -r line; do fact "$1" "$line"; done <"$2"
}

# sizes KEY PATH...
sizes() {
  sizes_key=$1
  shift
  nix-store --query --size "$@" 2>/dev/null </dev/null | while IFS= read -r size; do
    fact "$sizes_key" "$size $1"
    shift
  done
}

# closure KEY SYSTEM: everything that it consists of.
closure() {
  closure_key=$1
  nix-store --query --requisites "$2" 2>/dev/null </dev/null | {
    set --
    while IFS= read -r requisite; do
      set -- "$@" "$requisite"
      if [ "$#" -ge 500 ]; then
        sizes "$closure_key" "$@"
        set --
      fi
    done
    if [ "$#" -gt 0 ]; then sizes "$closure_key" "$@"; fi
  }
}

look() {
  printf '\n'
  fact nixus-preview 1
  if [ -n "$preview_running" ]; then
    closure before "$preview_running"
    lines file "$preview_running/manifest/files"
    lines secret "$preview_running/nixus-secrets"
  fi
  # Debian and Ubuntu: made by what was installed.
  if [ -e "$root/run/reboot-required" ]; then fact rebootRequired 1; fi
  if [ "$preview_how" = there ]; then closure after "$preview_system"; fi
  if [ "$preview_how" != no ]; then
    # shellcheck disable=SC2154 # The text of all this, set by whoever runs it.
    preview_inside=1 unshare --mount --propagation private /bin/sh -c "$nixus_script" ||
      fact noActivation "this machine has no mount namespaces"
  fi
  fact end ""
}

# not_run WHY: the new system can't be looked at.
not_run() {
  fact noActivation "$1"
  exit 0
}

# In a mount namespace of our own.
look_inside() {
  mount -t tmpfs -o mode=0700 nixus-preview /tmp || not_run "no file system in memory can be mounted"
  cd /tmp || exit 0
  export TMPDIR=/tmp
  if [ "$preview_how" = sent ]; then
    nix-store --restore /tmp/objects || not_run "the new system could not be received"
    mount -t overlay -o "ro,lowerdir=/tmp/objects:/nix/store" nixus-preview /nix/store ||
      not_run "no overlay can be mounted on /nix/store"
  fi
  if [ -r "$preview_system/manifest/files" ]; then
    while read -r _ managed _; do
      if [ -e "$managed" ] || [ -L "$managed" ]; then fact present "$managed"; fi
    done <"$preview_system/manifest/files"
  fi
  timeout "$preview_seconds" "$preview_system/bin/switch-to-configuration" dry-activate >/tmp/output 2>&1 </dev/null
  fact activationStatus $?
  lines activation /tmp/output
}

if [ -n "${preview_inside:-}" ]; then look_inside; else look; fi
