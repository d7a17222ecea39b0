# shellcheck shell=sh
# Runs a system's own activation, for a limited time. Part of the switcher.

# cgroup_processes PATH: the file that lists the processes of a control group (cgroups(7); the path as in
# /proc/PID/cgroup), empty when it is not one of ours: what else is in the group may be anything.
cgroup_processes() {
  case $1 in
  */nixus-switch-"$id".service | */nixus-watchdog-"$id".service | */nixus-boot-"$id".service) ;;
  *) return 0 ;;
  esac
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    if [ -r "$hierarchy$1/cgroup.procs" ]; then
      printf '%s\n' "$hierarchy$1/cgroup.procs"
      return 0
    fi
  done
}

# The control group of this process.
own_cgroup() {
  while IFS=: read -r _ controllers cgroup; do
    case $controllers in
    '' | name=systemd)
      printf '%s\n' "$cgroup"
      return 0
      ;;
    esac
  done </proc/self/cgroup
}

# signal_cgroup SIGNAL PATH: all processes of the group but ourselves, whatever sessions they have made for themselves.
# Starts no process while it reads, so what it reads is not about itself.
signal_cgroup() {
  cgroup_file=$(cgroup_processes "$2")
  [ -n "$cgroup_file" ] || return 0
  while read -r member; do
    [ "$member" = "$$" ] || kill -s "$1" "$member" 2>/dev/null
  done <"$cgroup_file"
}

# Ends the activation that runs, with everything it has started: it is asked, then killed.
end_activation() {
  for signal in TERM KILL; do
    kill -s "$signal" -- "-$activation_pid" "$activation_pid" 2>/dev/null
    signal_cgroup "$signal" "$cgroup_path"
    end_by=$(($(uptime_seconds) + 5))
    while process_lives "$activation_pid" "$activation_start"; do
      [ "$(uptime_seconds)" -lt "$end_by" ] || break
      sleep 0.1
    done
  done
}

# kill_abandoned: what a switcher that was killed has left running.
kill_abandoned() {
  abandoned=$(field "$work_dir/activation" pid)
  if process_lives "$abandoned" "$(field "$work_dir/activation" start)"; then
    kill -s KILL -- "-$abandoned" "$abandoned" 2>/dev/null
  fi
  signal_cgroup KILL "$(cat "$work_dir/cgroup" 2>/dev/null)"
}

# already_checked SYSTEM: whether its checks before a switch (`system.preSwitchChecks` of NixOS) are behind us: those of
# the system that we go back to must not keep us from it, and one that was confirmed, or runs, has passed them.
already_checked() {
  if [ "$1" = "$previous" ] || [ -n "$runs_already" ] || [ -e "$work_dir/committing" ]; then echo 1; fi
}

# other_switch: whether somebody switches the machine by hand. switch-to-configuration has this lock since NixOS 22.11,
# and does nothing beside another one.
nixos_lock=$root/run/nixos/switch-to-configuration.lock
other_switch() {
  [ -e "$nixos_lock" ] && ! flock --nonblock "$nixos_lock" true
}

# activate SYSTEM ACTION SECONDS: runs switch-to-configuration, its output in the log. Another one is waited for. Returns its
# exit status; 124 when it was ended because its time was up, 143 when it was ended because we are told to stop.
activate() {
  activation_by=$(($(uptime_seconds) + $3))
  printf '$ %s/bin/switch-to-configuration %s\n' "$1" "$2" >>"$log"
  while other_switch && [ "$(uptime_seconds)" -le "$activation_by" ] && [ -z "$stop_requested" ]; do sleep 0.5; done
  NIXOS_NO_CHECK=$(already_checked "$1") setsid "$root$1/bin/switch-to-configuration" "$2" </dev/null >>"$log" 2>&1 &
  activation_pid=$!
  activation_start=$(start_time "$activation_pid")
  printf 'pid=%s\nstart=%s\n' "$activation_pid" "$activation_start" >"$work_dir/activation"
  while process_lives "$activation_pid" "$activation_start"; do
    if [ "$(uptime_seconds)" -gt "$activation_by" ]; then
      end_activation
      note "switch-to-configuration $2 took longer than $3 s and was killed"
      return 124
    fi
    if [ -n "$stop_requested" ]; then
      end_activation
      return 143
    fi
    sleep 0.1
  done
  wait "$activation_pid"
}
