# shellcheck shell=sh
# The watchdog: goes on with a deployment whose switcher is gone, or does not come to an end. Part of the switcher.

# The watchdog looks every two seconds whether someone sees to the deployment; a timer is no process that could be
# killed. Its times are monotonic.
arm_watchdog() {
  transient watch "nixus-watchdog-$id" --on-active=2 --on-unit-inactive=2 \
    --timer-property=AccuracySec=500ms --timer-property=DefaultDependencies=no \
    --timer-property=Conflicts=shutdown.target --timer-property=Before=shutdown.target \
    --timer-property=IgnoreOnIsolate=yes --property=LogLevelMax=notice
}

# What the watchdog's timer runs: nothing while the owner lives and keeps its time.
command_watch() {
  if ! use_deployment "$1"; then
    timeout 10 systemctl stop "nixus-watchdog-$1.timer"
    exit 0
  fi
  cgroup_path=$(own_cgroup)
  exclusively stand_in
  case $? in
  10)
    become_owner
    restore_profile
    end failed "$(field "$state_file" reason)"
    ;;
  11)
    become_owner
    roll_back "$(field "$state_file" reason)"
    ;;
  12)
    become_owner
    finish_commit
    ;;
  13)
    become_owner
    reboot_machine "$(field "$state_file" reason)"
    ;;
  14)
    become_owner
    end recorded ""
    ;;
  15)
    become_owner
    await_boot
    ;;
  16)
    become_owner
    give_up_boot "$(field "$state_file" reason)"
    ;;
  esac
}

# stand_in: 0 when there is nothing to do. Otherwise the deployment is ours, and its status says what is next:
# 10 nothing was changed, 11 roll back, 12 commit again, 13 reboot, 14 its end is recorded, the lock is to be released, 15 the
# machine was started into the new system, 16 it is not to be.
stand_in() {
  [ "$(field "$lock" id)" = "$id" ] || return 0
  if was_booted_once; then
    take_up_boot
    return
  fi
  owner=$(field "$state_file" owner)
  state=$(field "$state_file" state)
  tries=$(field "$state_file" tries)
  overdue=
  [ "$(uptime_seconds)" -le "$(field "$state_file" deadline)" ] || overdue=1
  why=$(field "$state_file" reason)
  if process_lives "$owner" "$(field "$state_file" ownerStart)"; then
    [ -n "$overdue" ] || return 0
    kill -s KILL "$owner" 2>/dev/null
    why=${why:-"the switcher did not come to an end ($state)"}
  fi
  shutting_down && return 0
  kill_abandoned
  why=${why:-"the switcher was killed ($state)"}
  long=$((roll_back_deadline + commit_timeout))
  if [ -n "$(in_history "$id")" ]; then
    take_over 14 "${state:-starting}" 120
    return
  fi
  case $state in
  starting | preparing) take_over 10 preparing 120 ;;
  activating | waiting) take_over 11 rolling-back "$long" ;;
  booting)
    if [ "$(field "$lock" once)" = booted ]; then
      take_over 11 rolling-back "$long"
    else
      take_over 16 booting $((commit_timeout + 300))
    fi
    ;;
  committing)
    if [ -z "$overdue" ] && [ "$tries" -lt 4 ] && [ "$(field "$work_dir/word" word)" = confirm ]; then
      take_over 12 committing $((commit_timeout + 60))
    else
      take_over 11 rolling-back "$long"
    fi
    ;;
  rolling-back)
    if [ -z "$overdue" ] && [ "$tries" -lt 4 ]; then
      take_over 11 rolling-back "$long"
    else
      take_over 13 rebooting 240
    fi
    ;;
  *) take_over 13 rebooting 240 ;;
  esac
}

# take_over STATUS STATE SECONDS
take_over() {
  write_state "$2" "$3" "$((tries + 1))" "$why"
  return "$1"
}
