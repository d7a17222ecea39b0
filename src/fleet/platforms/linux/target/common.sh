# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # `system` comes from the script that reads this file, its readers use the rest
# What all scripts of the linux platform share: where things are, messages, lines, the lock.
# `system` (the store path of the system, or the copy of its scripts) is set by whoever reads this file.
# docs/reference/linux-activation.md explains the whole.

PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin
LC_ALL=C
export PATH LC_ALL
unset CDPATH ENV BASH_ENV POSIXLY_CORRECT
umask 022
# A closed connection must not stop an activation half-way. A handler, unlike ignoring, is not inherited.
trap : PIPE HUP

# Survives reboots: the journal of what was found, accounts, ids.
state=/var/lib/nixus/linux
# Is gone after a reboot, like the units and processes that it tells of.
volatile=/run/nixus/linux
work=$volatile/work
profile=/nix/var/nix/profiles/system
format=1

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
problem() { printf 'error: %s\n' "$*" >&2; }

exists() { [ -e "$1" ] || [ -L "$1" ]; }

# One at a time: an activation, a roll-back and the restorer never interleave. The kernel lets go of the lock when
# its holder dies; what may run for long or stay behind is started with descriptor 9 closed.
take_lock() {
  mkdir -p "$volatile" && exec 9>"$volatile/lock" || return 1
  if ! flock -w "$1" 9; then
    problem "another activation is running on this machine; wait for it to end and try again"
    return 1
  fi
}

# Refuses what a newer Nixus wrote, on disk or as a system, before anything is touched.
check_formats() {
  cf_found=
  [ ! -e "$system/manifest/version" ] || read -r cf_found <"$system/manifest/version"
  if [ "$cf_found" != "$format" ]; then
    problem "$system is not a system that these scripts understand (format '$cf_found', not $format)"
    return 1
  fi
  cf_found=$format
  [ ! -e "$state/version" ] || read -r cf_found <"$state/version"
  if [ "$cf_found" != "$format" ]; then
    problem "$state was written by another version of Nixus (format '$cf_found', not $format); deploy with that version"
    return 1
  fi
}

# Directories of our own, closed to others: what was found may be secret.
prepare_state() {
  rm -rf -- "$work" &&
    mkdir -p "$state" "$volatile" &&
    (umask 077 && mkdir -p "$work" "$state/originals" "$volatile/originals" "$volatile/units" "$volatile/digests") &&
    if [ ! -e "$state/version" ]; then
      write_file "$state/version" "$format"
    fi
}

# For a look only: what has to be written is in a directory of its own, which goes with us.
prepare_look() {
  check_formats && work=$(mktemp -d) && trap 'rm -rf -- "$work"' EXIT
}

# write_file FILE TEXT: all or nothing. No name of ours ends with a tilde.
write_file() {
  printf '%s\n' "$2" >"$1~" && mv -T -- "$1~" "$1"
}

# has_line FILE LINE
has_line() {
  [ -e "$1" ] || return 1
  while IFS= read -r hl_line; do
    [ "$hl_line" != "$2" ] || return 0
  done <"$1"
  return 1
}

# The value of a line `NAME VALUE` of manifest/settings: in $setting, empty when there is none.
read_setting() {
  setting=
  while read -r rs_name rs_value; do
    if [ "$rs_name" = "$1" ]; then setting=$rs_value; fi
  done <"$system/manifest/settings"
}

# Whether the system manages anything at all.
manages_anything() {
  for ma_file in files units users groups members settings sysctl; do
    if [ -s "$system/manifest/$ma_file" ]; then return 0; fi
  done
  [ -e "$system/bin/activate" ]
}
