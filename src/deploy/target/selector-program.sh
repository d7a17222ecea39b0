# shellcheck shell=sh
# A program of the machine's own, where something else boots it: `PROGRAM check`, `PROGRAM set-once SYSTEM`, `PROGRAM
# clear`. Each exits with 0 when it has done it, and what it did is on disk then; else it says why.

program_check() {
  run_program check
}

program_set() {
  run_program set-once "$1"
}

program_clear() {
  run_program clear
}

program_has_default() {
  return 0
}

run_program() {
  if [ ! -x "$root$selector" ]; then
    selector_problem="$selector is no program on the machine"
    return 1
  fi
  program_said=$(timeout 60 "$root$selector" "$@" 2>&1 </dev/null) || {
    selector_problem="$selector $1 failed (exit status $?): $program_said"
    selector_problem=$(printf '%s' "$selector_problem" | tr '\000-\037' ' ')
    return 1
  }
}
