# shellcheck shell=sh
# How a system is started once, whatever the default is: by what the machine boots with. A selector has four functions:
#
#   NAME_check          whether it is there and can; fails with $selector_problem. $previous is the system that runs.
#   NAME_set SYSTEM     the next start, and only that one, is into SYSTEM; on disk when it returns.
#   NAME_clear          takes that back. Safe to repeat.
#   NAME_has_default    the default is $previous. Asked after its boot loader was installed.
#
# After common.sh. Part of the switcher.

# find_selector PLATFORM PROGRAM: sets $selector, the name of one or the path of a program. Fails with $selector_problem.
find_selector() {
  selector=
  selector_problem=
  for lasting in "$state_dir" "$root/etc"; do
    case $(stat -f -c %T "$lasting" 2>/dev/null) in
    tmpfs | ramfs)
      selector_problem="$lasting is in memory, and what is there does not outlive a restart"
      return 1
      ;;
    esac
  done
  if [ -n "$2" ]; then
    selector=$2
    selector check
    return
  fi
  if [ "$1" = linux ]; then
    selector=restorer
    selector check
    return
  fi
  selector_problems=
  for selector in systemd-boot grub; do
    if selector check; then return 0; fi
    selector_problems="$selector_problems; $selector_problem"
  done
  selector_problem=${selector_problems#; }
  return 1
}

# selector check|set|clear|has_default [SYSTEM]: that of $selector.
selector() {
  case $selector in
  restorer) "restorer_$1" "${2:-}" ;;
  systemd-boot) "systemd_boot_$1" "${2:-}" ;;
  grub) "grub_$1" "${2:-}" ;;
  *) "program_$1" "${2:-}" ;;
  esac
}
