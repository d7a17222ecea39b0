# shellcheck shell=sh
# What the deployer needs to know of the machine before it plans anything. Sent over SSH after common.sh and arriving.sh;
# changes nothing. Standard input, one a line, an empty line after each kind: store paths; names of packages; secrets and the
# accounts they are for (`disk FILE`, `memory FILE`, `user NAME`, `group NAME`). Output: KEY=VALUE lines between
# `nixus-facts=1` and `end=`; those of what is missing may come often.

fact() {
  printf '%s=%s\n' "$1" "$2"
}

# free_bytes DIRECTORY: what is available in the file system of the nearest directory above that exists.
free_bytes() {
  free_at=$1
  while [ ! -d "$free_at" ]; do free_at=${free_at%/*} && free_at=${free_at:-/}; done
  df -Pk "$free_at" | { read -r _ && read -r _ _ _ free_kilobytes _ && printf '%s\n' "$((free_kilobytes * 1024))"; }
}

# missing_paths PATH...: those that are not valid store paths here. A store that can't be asked has not all of them.
missing_paths() {
  if missing_answer=$(nix-store --check-validity --print-invalid "$@" 2>&1); then
    printf '%s\n' "$missing_answer" | while IFS= read -r missing; do
      case $missing in /*) fact missing "$missing" ;; esac
    done
  else
    fact storeProblem "$(printf '%s\n' "$missing_answer" | tail -n 1)"
  fi
}

read_paths() {
  set --
  while IFS= read -r wanted && [ -n "$wanted" ]; do
    set -- "$@" "$wanted"
    if [ "$#" -ge 500 ]; then
      missing_paths "$@"
      set --
    fi
  done
  if [ "$#" -gt 0 ]; then missing_paths "$@"; fi
  # Whatever is damaged will be removed with what refers to it, and has to come again.
  affected_paths | while IFS= read -r missing; do
    fact missing "$missing"
  done
}

read_packages() {
  while IFS= read -r package && [ -n "$package" ]; do
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null </dev/null)" = installed ] ||
      fact missingPackage "$package"
  done
}

read_secrets() {
  while read -r wanted_kind wanted_name; do
    case $wanted_kind in
    disk) [ -e "$state_dir/secrets/$wanted_name" ] || fact missingSecret "$wanted_kind $wanted_name" ;;
    memory) [ -e "$run_dir/secrets/$wanted_name" ] || fact missingSecret "$wanted_kind $wanted_name" ;;
    user) id -u -- "$wanted_name" >/dev/null 2>&1 || fact missingUser "$wanted_name" ;;
    group)
      getent group "$wanted_name" >/dev/null 2>&1 || grep -q "^$wanted_name:" /etc/group || fact missingGroup "$wanted_name"
      ;;
    esac
  done
}

printf '\n'
fact nixus-facts 1
fact uid "$(id -u)"
fact machine "$(uname -m)"
fact init "$(cat /proc/1/comm)"
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
  read -r _ systemd_version _ <<VERSION
$(systemctl --version)
VERSION
  fact systemd "$systemd_version"
fi
nix_store=$(command -v nix-store)
if [ -n "$nix_store" ]; then
  fact nixPath "$nix_store"
  if nix_version=$(nix-store --version 2>/dev/null); then
    fact nixVersion "${nix_version##* }"
  else
    fact storeProblem "$(nix-store --version 2>&1 | tail -n 1)"
  fi
fi
for tool in flock setsid; do
  command -v "$tool" >/dev/null || fact missingTool "$tool"
done
fact packageManager "$(if command -v apt-get >/dev/null; then echo apt; fi)"
fact currentSystem "$(link_target "$current_system")"
fact bootedSystem "$(link_target "$booted_system")"
for part in $boot_parts; do
  if booted_differs "$current_system" "$part"; then fact bootedDiffers "$part"; fi
done
fact profile "$(link_target "$profile")"
fact freeStore "$(free_bytes /nix/store)"
fact freeState "$(free_bytes "$state_dir")"
if [ -d /boot ]; then fact freeBoot "$(free_bytes /boot)"; fi
fact bootId "$(boot_id)"
facts_id=$(field "$lock" id)
if [ -n "$facts_id" ]; then
  fact lockId "$facts_id"
  fact lockBy "$(field "$lock" by)"
  fact lockSince "$(field "$lock" since)"
  fact lockState "$(deployment_state)"
  if lock_is_live; then fact lockLive 1; else fact lockLive 0; fi
fi
if [ -r "$history" ]; then fact lastDeployment "$(tail -n 1 "$history")"; fi
if [ -n "$nix_store" ]; then
  read_paths
  read_packages
  read_secrets
else
  cat >/dev/null
fi
fact end ""
