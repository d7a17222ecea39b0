# shellcheck shell=sh
# What the switcher and the script that gathers facts share: where things are, the deployment under way, time.
# POSIX sh, for dash and bash; uses coreutils, util-linux (flock, setsid) and systemd only.
#
# NIXUS_ROOT, for tests only: a directory that stands for / in all paths below. Empty on machines.

root=${NIXUS_ROOT:-}
state_dir=$root/var/lib/nixus
run_dir=$root/run/nixus
# The deployment under way; this file is the lock.
lock=$state_dir/deployment
history=$state_dir/history
nix_state=$root/nix/var/nix
profile=$nix_state/profiles/system
gc_roots=$nix_state/gcroots/nixus
current_system=$root/run/current-system
booted_system=$root/run/booted-system
kept_history=1000

export HOME=/root LC_ALL=C
umask 022

# The system that runs may be replaced while we work: its tools are named by their own store path. What is in PATH
# already comes first, except that systemd gives services next to nothing.
for directory in "$(readlink -f "$current_system" 2>/dev/null)/sw/bin" /run/current-system/sw/bin \
  /nix/var/nix/profiles/default/bin /root/.nix-profile/bin /usr/local/sbin /usr/local/bin \
  /usr/sbin /usr/bin /sbin /bin; do
  PATH=$PATH:$directory
done
export PATH

# say KIND [TEXT]: one message to the deployer, which ignores lines that do not begin like this.
say() {
  printf 'nixus %s\n' "$*"
}

# field FILE KEY: the value of a line KEY=VALUE; empty when there is none.
field() {
  [ -r "$1" ] || return 0
  while IFS= read -r field_line; do
    case $field_line in
    "$2="*)
      printf '%s\n' "${field_line#*=}"
      return 0
      ;;
    esac
  done <"$1"
}

# Seconds since boot, which no change of the clock touches.
uptime_seconds() {
  read -r uptime_text _ </proc/uptime
  printf '%s\n' "${uptime_text%%.*}"
}

boot_id() {
  if [ -r "$root/proc/sys/kernel/random/boot_id" ]; then
    cat "$root/proc/sys/kernel/random/boot_id"
  else
    cat /proc/sys/kernel/random/boot_id
  fi
}

# start_time PID: when the process began, in clock ticks since boot; empty when there is none, or only its zombie
# (proc(5), fields 3 and 22; the second field, a name in parentheses, may contain anything).
start_time() {
  { IFS= read -r stat_line <"/proc/$1/stat"; } 2>/dev/null || return 0
  # shellcheck disable=SC2086 # Split into fields on purpose.
  set -- ${stat_line##*) }
  case $1 in Z | X) return 0 ;; esac
  shift 19
  printf '%s\n' "$1"
}

# process_lives PID START_TIME
process_lives() {
  [ -n "$1" ] && [ -n "$2" ] && [ "$(start_time "$1")" = "$2" ]
}

# link_target LINK: the store path that a link leads to; empty when there is none.
link_target() {
  link_path=$(readlink -f "$1" 2>/dev/null) || return 0
  if [ -e "$link_path" ]; then printf '%s\n' "${link_path#"$root"}"; fi
}

# What of a system only a restart replaces.
boot_parts="kernel initrd kernel-modules kernel-params"

# booted_differs SYSTEM PART: the machine was started with another one. A system without (of a container) asks for nothing.
booted_differs() {
  system_part=$(readlink -f "$1/$2" 2>/dev/null)
  booted_part=$(readlink -f "$booted_system/$2" 2>/dev/null)
  [ -e "$system_part" ] && [ -e "$booted_part" ] && [ "$system_part" != "$booted_part" ] || return 1
  # Parameters are a file of the system itself.
  [ "$2" != kernel-params ] || [ "$(cat "$system_part")" != "$(cat "$booted_part")" ]
}

# deployment_state: of the deployment under way. Empty when it is from before the machine's last start, unless that start
# is a part of it and its switcher has not run yet.
deployment_state() {
  lock_state=$(field "$run_dir/$(field "$lock" id)/state" state)
  if [ -z "$lock_state" ] && [ -n "$(field "$lock" once)" ]; then lock_state=booting; fi
  printf '%s\n' "$lock_state"
}

# in_history ID: prints its line.
in_history() {
  [ -r "$history" ] || return 0
  while IFS= read -r history_line; do
    case $history_line in *"	id=$1	"*) printf '%s\n' "$history_line" ;; esac
  done <"$history"
}

# Whether the machine was started into the new system, and nobody has taken that up yet. What was recorded has ended: it
# runs that system as before.
was_booted_once() {
  [ "$(field "$lock" once)" = set ] && [ "$(field "$lock" boot)" != "$(boot_id)" ] &&
    [ "$(link_target "$current_system")" = "$(field "$lock" system)" ] && [ -z "$(in_history "$(field "$lock" id)")" ]
}

# Whether someone still sees to the deployment under way: its switcher, or the watchdog that stands in for it.
lock_is_live() {
  [ "$(field "$lock" boot)" = "$(boot_id)" ] || was_booted_once || return 1
  lock_id=$(field "$lock" id)
  lock_state=$run_dir/$lock_id/state
  process_lives "$(field "$lock_state" owner)" "$(field "$lock_state" ownerStart)" && return 0
  timeout 10 systemctl is-active --quiet "nixus-watchdog-$lock_id.timer" 2>/dev/null && return 0
  timeout 10 systemctl is-active --quiet "nixus-watchdog-$lock_id.service" 2>/dev/null
}
