# shellcheck shell=sh
# What `nixus status` and `nixus history` show of the machine. Sent over SSH after common.sh; changes nothing. Output:
# KEY=VALUE lines between `nixus-status=1` and `end=`; `failedUnit`, `reboot`, `generation` and `history` may come often.

fact() {
  printf '%s=%s\n' "$1" "$2"
}

printf '\n'
fact nixus-status 1
fact currentSystem "$(link_target "$current_system")"
fact bootedSystem "$(link_target "$booted_system")"
fact profile "$(link_target "$profile")"
fact bootId "$(boot_id)"
fact uptime "$(uptime_seconds)"
fact kernel "$(uname -r)"
fact state "$(timeout 10 systemctl is-system-running 2>/dev/null)"
# More than a deployment restarts a machine for: NixOS's activation replaces the running systemd itself (daemon-reexec), but
# not what the booted one has brought along and a switch leaves alone (logind, managers of users). That is worth knowing of a
# machine that was not started for long, and no reason to restart it.
for part in $boot_parts systemd; do
  if booted_differs "$current_system" "$part"; then fact reboot "$part"; fi
done
# Debian and Ubuntu: /run/reboot-required is made by what was installed.
if [ -e "$root/run/reboot-required" ]; then fact reboot packages; fi
timeout 10 systemctl list-units --state=failed --no-legend --plain --no-pager 2>/dev/null </dev/null |
  while read -r unit _; do fact failedUnit "$unit"; done
if [ -e "$lock" ]; then
  status_id=$(field "$lock" id)
  fact lockId "$status_id"
  fact lockBy "$(field "$lock" by)"
  fact lockSince "$(field "$lock" since)"
  fact lockSystem "$(field "$lock" system)"
  fact lockState "$(deployment_state)"
  if lock_is_live; then fact lockLive 1; else fact lockLive 0; fi
fi
current_link=$(readlink "$profile" 2>/dev/null)
for link in "$profile"-*-link; do
  [ -L "$link" ] || continue
  number=${link#"$profile-"}
  number=${number%-link}
  mark=
  if [ "$current_link" = "${link##*/}" ]; then mark=current; fi
  fact generation "$number $(stat -c %Y "$link") $(link_target "$link") $mark"
done
if [ -r "$history" ]; then
  while IFS= read -r history_line; do fact history "$history_line"; done <"$history"
fi
fact end ""
