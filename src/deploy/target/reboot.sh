# shellcheck shell=sh
# What speaks for a reboot into the system at `next_system`, and whether the machine could boot it once. Sent over SSH
# after common.sh and the selectors, with `reboot_platform` and `reboot_selector` set as well; changes nothing. Output:
# KEY=VALUE lines between `nixus-reboot=1` and `end=`; `differs` may come often.

fact() {
  printf '%s=%s\n' "$1" "$2"
}

# differs NAME: the machine was started with another one. A system without a kernel (of a container) asks for nothing.
differs() {
  new_part=$(readlink -f "$root$next_system/$1" 2>/dev/null)
  booted_part=$(readlink -f "$booted_system/$1" 2>/dev/null)
  [ -e "$new_part" ] && [ -e "$booted_part" ] && [ "$new_part" != "$booted_part" ] || return 0
  # Parameters are a file of the system itself.
  [ "$1" != kernel-params ] || [ "$(cat "$new_part")" != "$(cat "$booted_part")" ] || return 0
  fact differs "$1"
}

printf '\n'
fact nixus-reboot 1
for part in kernel initrd kernel-modules kernel-params; do differs "$part"; done
previous=$(link_target "$current_system")
if find_selector "$reboot_platform" "$reboot_selector"; then
  fact selector "$selector"
else
  fact selectorProblem "$selector_problem"
fi
fact end ""
