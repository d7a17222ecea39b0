# shellcheck shell=sh
# Store paths that are on their way to this machine, or are built on it. Nix takes a path for whole as soon as it has it,
# but the disk gets its content later (Nix's fsync-store-paths is off by default): after a power cut in between it would
# be empty, and never be sent or built again. So what is to come is written down first, until the switcher has synced the
# disk; what was written down before this boot is looked at before it is relied on. After common.sh.
#
#   ARRIVING/DEPLOYMENT    the boot, and then store paths, one a line

arriving=$state_dir/arriving

# note_arriving ID: store paths from standard input, up to an empty line, beside those that are noted.
note_arriving() {
  mkdir -p -- "$arriving" && {
    if [ -e "$arriving/$1" ]; then cat -- "$arriving/$1"; else boot_id; fi
    while IFS= read -r arriving_path && [ -n "$arriving_path" ]; do printf '%s\n' "$arriving_path"; done
  } >"$arriving/.$1.new" && sync "$arriving/.$1.new" && mv -- "$arriving/.$1.new" "$arriving/$1" && sync "$arriving"
}

# interrupted_arrivals: the notes of earlier boots.
interrupted_arrivals() {
  for arrivals in "$arriving"/*; do
    [ -f "$arrivals" ] || continue
    read -r arrivals_boot <"$arrivals" || arrivals_boot=
    if [ "$arrivals_boot" != "$(boot_id)" ]; then printf '%s\n' "$arrivals"; fi
  done
}

# damaged_paths FILE...: those noted there that Nix takes for whole and are not.
damaged_paths() {
  cat -- "$@" | {
    set --
    while IFS= read -r noted; do
      case $noted in /*) set -- "$@" "$noted" ;; esac
      if [ $# -ge 500 ]; then
        verify_paths "$@"
        set --
      fi
    done
    if [ $# -gt 0 ]; then verify_paths "$@"; fi
  }
}

verify_paths() {
  invalid_paths=" $(nix-store --check-validity --print-invalid "$@" 2>/dev/null | tr '\n' ' ')"
  verified=
  for verified_path in "$@"; do
    case $invalid_paths in *" $verified_path "*) ;; *) verified="$verified $verified_path" ;; esac
  done
  # All at once, and one by one only where something is wrong.
  # shellcheck disable=SC2086 # Split into paths on purpose.
  if [ -z "$verified" ] || nix-store --verify-path $verified 2>/dev/null; then return 0; fi
  for verified_path in $verified; do
    nix-store --verify-path "$verified_path" 2>/dev/null || printf '%s\n' "$verified_path"
  done
}

# affected_paths: those of interrupted arrivals that are damaged, and all that refers to them.
affected_paths() {
  affected=$(interrupted_arrivals)
  # shellcheck disable=SC2086 # Split into files on purpose.
  [ -z "$affected" ] || affected=$(damaged_paths $affected)
  # shellcheck disable=SC2086 # And into paths.
  [ -z "$affected" ] || nix-store --query --referrers-closure $affected
}

# remove_damaged: so that they can come again.
remove_damaged() {
  interrupted=$(interrupted_arrivals)
  [ -n "$interrupted" ] || return 0
  for arrivals in $interrupted; do
    rm -rf -- "${gc_roots:?}/${arrivals##*/}"
  done
  damaged=$(affected_paths)
  # What was built from a derivation, or what something was built from, does not keep it.
  # shellcheck disable=SC2086 # Split into paths and files on purpose.
  {
    [ -z "$damaged" ] ||
      nix-store --option keep-derivations false --option keep-outputs false --delete $damaged >/dev/null
  } && rm -f -- $interrupted
}
