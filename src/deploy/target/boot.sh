# shellcheck shell=sh
# Restarting into the new system instead of activating it while the machine runs: once, the default staying what it is,
# until the word has come over a new connection. Part of the switcher.
#
#   $lock: once=set      from before the next start is made one into the new system. Nothing else can have the machine
#                        start it, so that who finds it running knows that it is not confirmed.
#   $lock: once=booted   the new system was started, and boot= is the id of that start.
#   $boot_units/...      a unit that goes on with the deployment when the machine has started, whichever system it is. Its
#                        place survives restarts and is nobody's (systemd.unit(5)), also where /etc/systemd/system is in
#                        the store.

boot_units=$root/etc/systemd/system.attached

# amend_lock KEY=VALUE...: the first line of a key counts.
amend_lock() {
  {
    for amended; do printf '%s\n' "$amended"; done
    cat "$lock"
  } | replace_synced "$lock"
}

# Wanted by the targets that a machine comes to in any case, the last ones when its boot fails.
boot_targets="sysinit.target emergency.target rescue.target"

boot_unit_text() {
  cat <<END
[Unit]
Description=Nixus deployment $id, which restarted the machine
DefaultDependencies=no
IgnoreOnIsolate=yes
CollectMode=inactive-or-failed
RequiresMountsFor=$state_dir $root/nix/store
After=systemd-remount-fs.service nixus-restore.service
Conflicts=shutdown.target
Before=shutdown.target

[Service]
ExecStart=${program:-$self} boot $id
KillMode=mixed
TimeoutStopSec=300
END
}

install_boot_unit() {
  for boot_target in $boot_targets; do
    mkdir -p "$boot_units/$boot_target.wants" || return 1
  done
  boot_unit_text | replace_synced "$boot_units/nixus-boot-$id.service" || return 1
  for boot_target in $boot_targets; do
    ln -sfn "../nixus-boot-$id.service" "$boot_units/$boot_target.wants/nixus-boot-$id.service" &&
      sync "$boot_units/$boot_target.wants" || return 1
  done
  sync "$boot_units" "${boot_units%/*}" "$root/etc"
}

# remove_boot_unit ID: also one that was not written to its end. Returns 0 where there may have been one.
remove_boot_unit() {
  [ -d "$boot_units" ] || return 1
  for boot_target in $boot_targets; do
    rm -f "$boot_units/$boot_target.wants/nixus-boot-$1.service"
    rmdir "$boot_units/$boot_target.wants" 2>/dev/null
  done
  rm -f "$boot_units/nixus-boot-$1.service" "$boot_units/nixus-boot-$1.service.new"
  sync "$boot_units"
  rmdir "$boot_units" 2>/dev/null
  sync "${boot_units%/*}"
}

# boot_into_new: by the owner, in the state `booting`. Comes back only when it was not done, and the deployment has ended.
boot_into_new() {
  problem=
  if arrange_boot && exclusively change_state " booting " booting 300 ""; then
    note "restarting into $system"
    restart_machine
    problem="the machine did not restart"
  fi
  if [ -n "$stop_requested" ] && shutting_down; then exit 0; fi
  give_up_boot "${problem:-the state of the deployment could not be recorded in $work_dir}"
}

# arrange_boot: the next start, and only that one, is into the new system. Fails with $problem.
arrange_boot() {
  exclusively amend_lock once=set "failed=$(cut -d ' ' -f 2 "$work_dir/snapshot.failed" | tr '\n' ' ')" || {
    problem="$lock could not be written"
    return 1
  }
  install_boot_unit || {
    problem="a unit could not be put into $boot_units"
    return 1
  }
  if [ "$selector" = restorer ]; then
    arrange_restorer || return 1
  else
    arrange_boot_loader || return 1
  fi
  [ -z "$stop_requested" ] || {
    problem="the switcher was told to stop before the restart"
    return 1
  }
  selector set "$system" || {
    problem="the new system could not be made the next one to start: $selector_problem"
    return 1
  }
  sync_disk || {
    problem="the file systems of /nix/store and /var/lib/nixus could not be synced"
    return 1
  }
}

# What a system refuses it refuses now; at the start of the machine there is nobody to be told.
arrange_restorer() {
  activate "$system" dry-activate "$switch_timeout" || {
    problem="the new system refuses this machine (exit status $? of its dry-activate)"
    return 1
  }
  activate "$system" boot "$commit_timeout" || {
    problem="the restorer of the new system could not be installed (exit status $?)"
    return 1
  }
}

# A boot loader has entries for the generations of the profile, and its default is the system that installs it.
arrange_boot_loader() {
  [ "$(link_target "$profile")" = "$system" ] || set_profile "$system" || {
    problem="the system profile could not be set to the new system"
    return 1
  }
  activate "$previous" boot "$commit_timeout" || {
    problem="the boot loader could not be installed with the new system in its menu (exit status $?)"
    return 1
  }
  selector has_default || {
    problem=$selector_problem
    return 1
  }
}

# give_up_boot REASON: all is put back, and nothing was changed. What can't be put back has the machine restart after all:
# that leads to a good end as well, and to leave it to the next restart that somebody makes does not.
give_up_boot() {
  is_owner || exit 1
  stop_requested=
  note "not restarting: $1"
  if ! selector clear; then
    note "$system stays the next one to start: $selector_problem"
    restart_machine
    exit 1
  fi
  put_back=$previous
  if [ -n "$runs_already" ]; then
    put_back=$system
    profile_before=$(field "$lock" profile)
  fi
  set -- "$1"
  restore_profile
  if [ "$selector" != restorer ] && ! { activate "$put_back" boot "$commit_timeout" && sync_disk; }; then
    set -- "$1; the boot loader could not be installed again as it was"
  fi
  end failed "$1"
}

# What the unit runs that the start of the machine starts.
command_boot() {
  if ! use_deployment "$1"; then
    remove_boot_unit "$1"
    exit 0
  fi
  mkdir -p "$work_dir"
  # What puts the system into effect may have to come first.
  boot_by=$(($(uptime_seconds) + switch_timeout))
  while [ -z "$(link_target "$current_system")" ] && [ "$(uptime_seconds)" -le "$boot_by" ]; do sleep 0.2; done
  if was_booted_once; then arm_watchdog; fi
  exclusively after_boot
  case $? in
  13)
    become_owner
    reboot_machine "$(field "$state_file" reason)"
    ;;
  15)
    become_owner
    await_boot
    ;;
  esac
}

# after_boot: takes the deployment up, with the status of stand_in, or records its end. Whatever else there is to do is the
# watchdog's.
after_boot() {
  if was_booted_once; then
    take_up_boot
  else
    settle_after_boot
    return 0
  fi
}

# take_up_boot: the deployment goes on in the new system, and is ours. Returns the status for stand_in.
take_up_boot() {
  mkdir -p "$work_dir"
  # As the default it is started also where the mark was not looked at, which is to start nothing later.
  if [ -n "$runs_already" ] && ! selector clear; then note "$system may be started once more: $selector_problem"; fi
  tries=0
  why=
  if amend_lock once=booted "boot=$(boot_id)"; then
    take_over 15 booting $((switch_timeout + 60))
  else
    why="the lock could not be written after the restart"
    take_over 13 rebooting 240
  fi
}

# await_boot: waits until the machine has started as a whole, or takes so long that who can reach it may judge.
await_boot() {
  use_deployment "$id"
  for unit in $(field "$lock" failed); do printf 'unit %s\n' "$unit"; done | sort -u >"$work_dir/snapshot.failed"
  boot_by=$(($(uptime_seconds) + switch_timeout))
  problem=
  while [ -z "$stop_requested" ]; do
    boot_state=$(timeout 10 systemctl is-system-running 2>/dev/null)
    case $boot_state in
    initializing | starting | '') ;;
    maintenance)
      problem="the new system has started in rescue or emergency mode"
      break
      ;;
    *) break ;;
    esac
    if [ "$(uptime_seconds)" -gt "$boot_by" ]; then
      note "still starting after $switch_timeout s: $(timeout 10 systemctl list-jobs --plain --no-legend 2>/dev/null | tr '\n' ';')"
      break
    fi
    sleep 0.2
  done
  [ -z "$stop_requested" ] || problem="the switcher was told to stop"
  if [ -z "$problem" ] && [ "$(field "$lock" resends)" = 1 ] && [ -n "$(missing_in_memory)" ]; then await_secrets; fi
  if [ -z "$problem" ] && [ -n "$(newly_failed "$work_dir/snapshot")" ]; then judge_activation 4; fi
  await_word booting
}

# await_secrets: those that are kept in memory are gone since the restart. The deployer has them, and is asked for them:
# the activation puts them into use, and starts what could not start without.
await_secrets() {
  secrets_by=$(($(uptime_seconds) + success_timeout))
  exclusively change_state " booting " booting $((success_timeout + switch_timeout + 60)) "" && : >"$work_dir/awaits" || {
    problem="the state of the deployment could not be recorded in $work_dir"
    return 0
  }
  note "waiting for the secrets that are kept in memory"
  while [ ! -d "$run_dir/secrets/pending/$id" ]; do
    if [ -n "$stop_requested" ]; then
      problem="the switcher was told to stop"
      return 0
    fi
    if [ "$(uptime_seconds)" -gt "$secrets_by" ]; then
      problem="the secrets that are kept in memory did not come within $success_timeout s of the restart"
      return 0
    fi
    sleep 0.1
  done
  rm -f "$work_dir/awaits"
  activate "$system" test "$switch_timeout"
  judge_activation $?
}

# boot_previous REASON: the new system was started once and the default is still the previous one, or is so again. One that
# ran before may be the default yet, when it was not we who have restarted the machine.
boot_previous() {
  if [ ! -e "$work_dir/committing" ] && [ -z "$runs_already" ]; then
    restore_profile
  elif ! undo_commit; then
    set -- "$1; the previous system could not be made the boot default again"
  fi
  reboot_machine "$1"
}
