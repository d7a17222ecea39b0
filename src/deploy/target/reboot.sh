# shellcheck shell=sh
# What speaks for a reboot into the system at `next_system`, and whether the machine could boot it once. Sent over SSH
# after common.sh and the selectors, with `reboot_platform` and `reboot_selector` set as well; changes nothing. Output:
# KEY=VALUE lines between `nixus-reboot=1` and `end=`; `differs` may come often.

fact() {
  printf '%s=%s\n' "$1" "$2"
}

printf '\n'
fact nixus-reboot 1
for part in $boot_parts; do
  if booted_differs "$root$next_system" "$part"; then fact differs "$part"; fi
done
previous=$(link_target "$current_system")
if find_selector "$reboot_platform" "$reboot_selector"; then
  fact selector "$selector"
else
  fact selectorProblem "$selector_problem"
fi
fact end ""
