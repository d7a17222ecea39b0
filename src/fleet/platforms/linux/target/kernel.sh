# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # the variables of common.sh, the fields of the manifest
# Parameters of the running kernel (manifest/sysctl, `PATH VALUE` below /proc/sys). They do not outlive a boot, and
# neither do the values found: $volatile/originals/sysctl/KEY, KEY being the path with `%` for `/`.

# read_parameter PATH: its value in $value, with single spaces; fails when it cannot be read.
read_parameter() {
  rv_text=$(cat -- "/proc/sys/$1" 2>/dev/null) || return 1
  set -f
  # shellcheck disable=SC2086 # The kernel separates numbers by tabs.
  set -- $rv_text
  set +f
  value=$*
}

# set_parameter PATH VALUE. The kernel may refuse at the end of the write, which printf alone does not tell.
set_parameter() {
  { printf '%s\n' "$2" >"/proc/sys/$1"; } 2>/dev/null
}

has_found_parameters() {
  for hf_record in "$volatile"/originals/sysctl/*; do
    if [ -e "$hf_record" ]; then return 0; fi
  done
  return 1
}

# The value found is recorded before it changes.
apply_parameter() {
  key_of "/$1"
  ap_record=$volatile/originals/sysctl/$key
  if ! read_parameter "$1"; then
    # Its module is not loaded yet, or its interface not there; systemd sets it when an interface appears.
    warn "boot.kernel.sysctl: /proc/sys/$1 cannot be read on this machine now, and was not set"
    return 0
  fi
  if [ ! -e "$ap_record" ]; then write_file "$ap_record" "$value" || return 1; fi
  [ "$value" = "$2" ] || set_parameter "$1" "$2" || {
    problem "boot.kernel.sysctl: the kernel refuses '$2' as the value of /proc/sys/$1"
    return 1
  }
}

is_wanted_parameter() {
  while read -r iw_path iw_value; do
    if [ "$iw_path" = "$1" ]; then return 0; fi
  done <"$system/manifest/sysctl"
  return 1
}

# What no system names any more first, so that a parameter that moves others is set last.
restore_parameters() {
  rp_status=0
  for rp_record in "$volatile"/originals/sysctl/*; do
    [ -e "$rp_record" ] || continue
    path_of "${rp_record##*/}"
    if is_wanted_parameter "${path#/}"; then continue; fi
    read -r rp_found <"$rp_record" || rp_found=
    # An interface may have gone with its parameters.
    if [ -e "/proc/sys$path" ] && ! set_parameter "${path#/}" "$rp_found"; then
      problem "boot.kernel.sysctl: /proc/sys$path could not be put back to '$rp_found'"
      rp_status=1
      continue
    fi
    rm -f -- "$rp_record"
  done
  return $rp_status
}

apply_parameters() {
  mkdir -p "$volatile/originals/sysctl" || return 1
  ak_status=0
  restore_parameters || ak_status=1
  while read -r ak_path ak_value; do
    apply_parameter "$ak_path" "$ak_value" || ak_status=1
  done <"$system/manifest/sysctl"
  return $ak_status
}
