# shellcheck shell=sh
# The switch itself, as the service runs it: activate, wait for the word, commit or roll back. Part of the switcher.

self=$(readlink -f "$0")

# transient COMMAND UNIT-NAME [SYSTEMD-RUN-OPTION...]: runs one of our commands in a unit that neither the end of the
# session nor what the activation does to targets ends. It is stopped when the machine shuts down.
transient() {
  transient_command=$1
  transient_unit=$2
  shift 2
  timeout 30 systemd-run --quiet --collect --unit="$transient_unit" ${root:+"--setenv=NIXUS_ROOT=$root"} \
    --property=DefaultDependencies=no --property=Conflicts=shutdown.target --property=Before=shutdown.target \
    --property=IgnoreOnIsolate=yes --property=KillMode=mixed --property=TimeoutStopSec=300 \
    "$@" "${program:-$self}" "$transient_command" "$id" </dev/null
}

on_stop() {
  stop_requested=1
}

shutting_down() {
  [ "$(timeout 10 systemctl is-system-running 2>/dev/null)" = stopping ]
}

# This process now does what there is to do.
become_owner() {
  cgroup_path=$(own_cgroup)
  printf '%s\n' "$cgroup_path" >"$work_dir/cgroup"
  trap on_stop TERM INT HUP
}

# What the service runs.
command_run() {
  use_deployment "$1" || exit 1
  become_owner
  exclusively adopt " starting " preparing 180 || exit 1
  problem=
  if ! prepare; then
    restore_profile
    end failed "$problem"
    exit 1
  fi
  if [ -n "$selector" ]; then
    exclusively change_state " preparing " booting $((switch_timeout + commit_timeout * 2 + 120)) "" || exit 1
    boot_into_new
    return
  fi
  exclusively change_state " preparing " activating $((switch_timeout + 30)) "" || exit 1
  activate "$system" test "$switch_timeout"
  judge_activation $?
  await_word activating
}

# await_word STATE: from there on, unless there is a $problem. What comes of the word, or of its absence.
await_word() {
  if [ -z "$problem" ]; then
    exclusively change_state " $1 " waiting $((success_timeout + 20)) "" ||
      problem="the state of the deployment could not be recorded in $work_dir"
  fi
  if [ -n "$problem" ]; then
    exclusively change_state " $1 " rolling-back "$roll_back_deadline" "$problem"
    roll_back "$problem"
  elif confirmed_in_time; then
    finish_commit
  else
    roll_back "$(field "$state_file" reason)"
  fi
}

# prepare: everything that must be in order before anything is changed. Fails with $problem.
prepare() {
  if other_switch; then
    problem="the machine is being switched by hand (somebody has $nixos_lock); deploy again when that has ended"
    return 1
  fi
  take_snapshot "$work_dir/snapshot" || {
    problem="the state of the machine could not be recorded in $work_dir"
    return 1
  }
  arm_watchdog || {
    problem="systemd did not start the watchdog's timer"
    return 1
  }
  protect || {
    problem="the systems could not be protected from the garbage collector in $gc_roots"
    return 1
  }
  # A machine without a default system gets the one to go back to, so that a power cut from now on leads there.
  if [ ! -e "$profile" ] && ! { sync_disk && set_profile "$previous"; }; then
    problem="the system profile could not be set to $previous"
    return 1
  fi
  readlink "$profile" >"$work_dir/profile-link"
  sync_disk || {
    problem="the file systems of /nix/store and /var/lib/nixus could not be synced"
    return 1
  }
  # What was copied is on the disk as a whole.
  rm -f "$state_dir/arriving/$id"
  [ -z "$stop_requested" ] || {
    problem="the switcher was told to stop before it began"
    return 1
  }
}

# protect: from the garbage collector, what was copied and what was on the machine before.
protect() {
  mkdir -p "$gc_roots/$id" && ln -sfn "$current_system" "$gc_roots/current-system" &&
    ln -sfn "$root$previous" "$gc_roots/$id/previous" &&
    ln -sfn "$root$system" "$gc_roots/$id/system" &&
    ln -sfn "${program%/*}" "$gc_roots/$id/switcher"
}

sync_disk() {
  sync -f "$root/nix/store" && sync -f "$state_dir"
}

# set_profile SYSTEM
set_profile() {
  mkdir -p "${profile%/*}" &&
    timeout 60 nix-env --profile "$profile" --set "$1" </dev/null >>"$log" 2>&1 &&
    [ "$(link_target "$profile")" = "$1" ] && sync "${profile%/*}"
}

# judge_activation STATUS: sets $problem to what was wrong with it, if anything.
judge_activation() {
  case $1 in
  0) ;;
  4)
    failed_units=$(newly_failed "$work_dir/snapshot")
    failed_before=
    if [ -z "$failed_units" ]; then
      failed_units=$(failed_units_now)
      failed_before=" (which had failed before as well)"
    fi
    if [ "$ignore_failed_units" = 1 ]; then
      note "units failed, which this node ignores: $failed_units$failed_before"
    else
      problem="units failed${failed_units:+: $failed_units$failed_before}"
    fi
    # shellcheck disable=SC2086 # Names of units hold no spaces.
    unit_journal $failed_units >>"$log" 2>&1
    ;;
  124) problem="the activation took longer than $switch_timeout s" ;;
  143) problem="the switcher was told to stop" ;;
  *) problem="the activation failed with exit status $1" ;;
  esac
}

# Waits for the word. In the end exactly one of two is true: it came in time and we commit, or we roll back.
confirmed_in_time() {
  word_by=$(($(uptime_seconds) + success_timeout))
  while [ ! -e "$work_dir/word" ] && [ -z "$stop_requested" ]; do
    [ "$(uptime_seconds)" -le "$word_by" ] || held_longer || break
    sleep 0.1
  done
  exclusively decide
}

# held_longer: the time for the word is up, but the deployer has reached the machine and asked for more, which is not.
held_longer() {
  word_by=$(field "$work_dir/hold" until)
  [ "$(uptime_seconds)" -le "${word_by:-0}" ] &&
    exclusively change_state " waiting " waiting $((word_by - $(uptime_seconds) + 20)) ""
}

decide() {
  case $(field "$work_dir/word" word) in
  confirm) change_state " waiting " committing $((commit_timeout + 60)) "" ;;
  *)
    decision=$(field "$work_dir/word" reason)
    [ -z "$stop_requested" ] || decision="the switcher was told to stop"
    change_state " waiting " rolling-back "$roll_back_deadline" \
      "${decision:-no confirmation within $success_timeout s}"
    return 1
    ;;
  esac
}

# finish_commit: the confirmed system becomes the default, or all is put back.
finish_commit() {
  if commit; then
    end activated ""
    return 0
  fi
  # A shutdown came in between. The next boot is to the default, whichever it is by now, and records which.
  if [ -n "$stop_requested" ] && shutting_down; then exit 0; fi
  stop_requested=
  # Nobody is to commit again, also when the state can't be written.
  rm -f "$work_dir/word"
  exclusively change_state " committing " rolling-back $((roll_back_deadline + commit_timeout)) "$problem"
  roll_back "$problem"
}

commit() {
  sync_disk || {
    problem="the confirmed system could not be synced to disk"
    return 1
  }
  printf '' >"$work_dir/committing" || {
    problem="the state of the deployment could not be recorded in $work_dir"
    return 1
  }
  set_profile "$system" || {
    problem="the system profile could not be set to the confirmed system"
    return 1
  }
  activate "$system" boot "$commit_timeout" || {
    problem="the confirmed system could not be made the boot default (exit status $?)"
    return 1
  }
  sync_disk
}

# undo_commit: profile and boot default as they were. Fails when the boot default may still be the confirmed system.
undo_commit() {
  profile_is_back=1
  if [ -s "$work_dir/profile-link" ]; then
    link_profile "$(cat "$work_dir/profile-link")" || profile_is_back=
    sync "${profile%/*}"
  else
    # The machine has restarted since the profile was set.
    restore_profile
  fi
  activate "$previous" boot "$commit_timeout" || {
    note "the previous system could not be made the boot default again (exit status $?)"
    return 1
  }
  [ -n "$profile_is_back" ] || {
    note "the system profile could not be set to the previous system again"
    return 1
  }
  sync_disk
}

# roll_back REASON: the previous system again, by its activation, and as default where a commit had begun, whoever began
# it; a reboot, whose default is the previous system, when that does not bring back what worked.
roll_back() {
  if [ -n "$stop_requested" ] && shutting_down; then exit 0; fi
  # The watchdog has taken it from us.
  is_owner || exit 1
  stop_requested=
  trap : TERM INT HUP
  note "rolling back: $1"
  signal_cgroup KILL "$cgroup_path"
  if [ "$(field "$lock" once)" = booted ]; then boot_previous "$1"; fi
  if [ -e "$work_dir/committing" ] && ! undo_commit; then
    set -- "$1; the previous system could not be made the boot default again"
  fi
  for attempt in 1 2; do
    activate "$previous" test "$restore_timeout"
    activation_status=$?
    case $activation_status in
    0 | 4)
      settle "$1"
      restore_profile
      end rolled-back "$1"
      return 0
      ;;
    124) break ;;
    *) note "attempt $attempt to activate the previous system failed with exit status $activation_status" ;;
    esac
  done
  reboot_machine "$1; the activation of the previous system failed"
}

# start_again: units that were active in the snapshot and are not now, e.g. an sshd that was stopped.
start_again() {
  inactive_since "$work_dir/snapshot" | while read -r _ unit; do
    note "starting $unit, which was active before"
    timeout 10 systemctl reset-failed "$unit" </dev/null
    timeout 10 systemctl start --no-block "$unit" </dev/null
  done 2>>"$log"
}

# still_lost: what worked in the snapshot and does not now. Rules of a firewall that nobody has put back count when no
# question has come over the network since the roll-back: they may be what keeps the questions away.
still_lost() {
  lost_since "$work_dir/snapshot"
  [ -e "$work_dir/asked" ] || firewall_since "$work_dir/snapshot"
}

# settle REASON: returns when everything works that did before, reboots when it stays away.
settle() {
  rm -f "$work_dir/asked"
  settle_by=$(($(uptime_seconds) + settle_timeout))
  restarted=
  settle_pause=1
  while lost=$(still_lost) && [ -n "$lost" ]; do
    if [ "$(uptime_seconds)" -gt "$settle_by" ]; then
      note "gone since the snapshot: $lost"
      reboot_machine "$1; after the roll-back something was missing that worked before: $lost"
    fi
    if [ -z "$restarted" ]; then
      restarted=1
      start_again
    fi
    sleep "$settle_pause"
    settle_pause=$((settle_pause < 8 ? settle_pause * 2 : 8))
  done
}

# reboot_machine REASON: does not return. The reason is kept for the record that the next boot makes.
reboot_machine() {
  note "rebooting: $1"
  exclusively change_state " rolling-back rebooting " rebooting 240 "$1"
  exclusively amend_lock "reason=$(one_line "$1")"
  restart_machine
  exit 1
}

# restart_machine: comes back only when systemd does not do it, and not at all once it has told us to stop.
restart_machine() {
  if [ -n "$stop_requested" ] && shutting_down; then exit 0; fi
  timeout 30 sync
  trap 'exit 0' TERM INT HUP
  for force in "" --force "--force --force"; do
    # shellcheck disable=SC2086 # Two options in one word.
    timeout 60 systemctl reboot $force </dev/null
    restart_by=$(($(uptime_seconds) + 60))
    while [ "$(uptime_seconds)" -lt "$restart_by" ]; do sleep 0.5; done
  done
  trap on_stop TERM INT HUP
}
