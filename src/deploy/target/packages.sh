# shellcheck shell=sh
# Installs packages of the distribution (apt). Sent over SSH after common.sh with `packages_id` and `package_names`
# (with spaces between) set. Runs in a unit of its own: a package manager that is killed half-way leaves a machine
# that needs a hand, so the end of the connection does not end it. Waits for the package manager's lock.

policy=/usr/sbin/policy-rc.d
policy_mark='# Written by nixus while it installs packages: services are not started by their installation.'

# What the unit runs: this script again, from a file since systemd expands variables in arguments.
install_packages() {
  # Left by one that a power cut ended.
  if [ -e "$policy" ] && [ "$(sed -n 2p "$policy")" = "$policy_mark" ]; then rm -f "$policy"; fi
  if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  ip_before=$(unit_files)
  install_by_name || { apt-get -q -o DPkg::Lock::Timeout=600 update && install_by_name; }
  ip_status=$?
  disable_new_units
  [ $ip_status = 0 ] || return $ip_status
  # apt takes a name that no package has for a pattern, or for what several of them provide.
  for ip_name in $package_names; do
    if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$ip_name" 2>/dev/null)" != installed ]; then
      printf "error: no package has the name '%s'; name the package that provides it\n" "$ip_name"
      return 1
    fi
  done
}

unit_files() { systemctl list-unit-files --no-legend --plain 2>/dev/null | cut -d ' ' -f 1; }

# A package enables its services for the next boot, which is not what was deployed, nor what a roll-back goes back to.
# Systems say what runs. A unit that was there before ($ip_before) stays as it is.
disable_new_units() {
  set --
  for dn_unit in $(systemctl list-unit-files --no-legend --plain --state=enabled 2>/dev/null | cut -d ' ' -f 1); do
    printf '%s\n' "$ip_before" | grep -qxF -- "$dn_unit" || set -- "$@" "$dn_unit"
  done
  [ $# -gt 0 ] || return 0
  printf 'services that came with the packages are not enabled (a system enables them): %s\n' "$*"
  systemctl --quiet disable -- "$@"
}

# Files of the machine's own that differ from the package's stay as they are: there is nobody to ask.
install_by_name() {
  # shellcheck disable=SC2086 # Split into names on purpose.
  apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    --no-install-recommends install $package_names
}

if [ -n "${packages_run:-}" ]; then
  install_packages </dev/null
  exit
fi
mkdir -p "$run_dir" || exit 73
packages_log=$run_dir/packages-$packages_id.log
packages_script=$run_dir/packages-$packages_id.sh
: >"$packages_log"
# shellcheck disable=SC2154 # Set by whoever evaluates this text: the text itself.
printf '%s\n' "$nixus_script" >"$packages_script"
timeout 30 systemd-run --quiet --unit="nixus-packages-$packages_id" --service-type=exec --remain-after-exit \
  --property=StandardOutput="append:$packages_log" --property=StandardError="append:$packages_log" \
  --setenv=packages_run=1 /bin/sh "$packages_script" || exit 75
unit_state() {
  systemctl show --property=SubState --value "nixus-packages-$packages_id.service"
}
exec 3<"$packages_log"
part=
while :; do
  now=$(unit_state)
  while IFS= read -r line <&3; do
    printf 'nixus output %s\n' "$part$line"
    part=
  done
  part=$part$line
  case $now in
  exited) break ;;
  failed | dead) exit_status=1 && break ;;
  esac
  printf 'nixus alive\n' || exit 1
  sleep 0.5
done
systemctl stop "nixus-packages-$packages_id.service" 2>/dev/null
systemctl reset-failed "nixus-packages-$packages_id.service" 2>/dev/null
rm -f "$packages_log" "$packages_script"
exit "${exit_status:-0}"
