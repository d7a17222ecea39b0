# shellcheck shell=sh
# What the deployer asks over SSH, and the answers, each a line `nixus KIND TEXT`. Part of the switcher.

# start ID SYSTEM PREVIOUS SWITCH-TIMEOUT SUCCESS-TIMEOUT IGNORE-FAILED-UNITS BY [SELECTOR REBOOT-TIMEOUT RESENDS]: takes the
# lock, starts the service and follows it. With a selector the machine is restarted into the system, also when it runs it
# already: PREVIOUS is what it was started with then. RESENDS is 1 when the deployer sends the secrets again that are kept in
# memory. Answers `refused`, `busy`, `changed` or `failed` when nothing was begun, else `started`.
command_start() {
  case $1 in '' | *[!A-Za-z0-9-]*) usage ;; esac
  for path in "$2" "$3"; do
    if [ ! -x "$root$path/bin/switch-to-configuration" ]; then
      say refused "$path is no system: it has no bin/switch-to-configuration"
      return 1
    fi
  done
  # shellcheck disable=SC2086 # Split into fields on purpose.
  set -- "$1" "$2" "$3" "$4" "$5" "$6" "$7" "${8:-}" "${9:-}" "${10:-}" ${SSH_CONNECTION:-}
  mkdir -p "$run_dir/$1" || return 73
  exclusively begin "$@"
  begin_status=$?
  if [ "$begin_status" -eq 75 ]; then say refused "another process holds $run_dir/mutex and does not let go"; fi
  [ "$begin_status" -eq 0 ] || return 1
  use_deployment "$1" || return 1
  : >>"$log"
  if ! transient run "nixus-switch-$id"; then
    exclusively abandon "systemd-run could not start the switcher"
  fi
  adopted_by=$(($(uptime_seconds) + 10))
  while is_owner; do
    if [ "$(uptime_seconds)" -gt "$adopted_by" ]; then exclusively abandon "the switcher did not start"; fi
    sleep 0.05
  done
  command_follow "$id" 0
}

# begin ID SYSTEM PREVIOUS SWITCH-TIMEOUT SUCCESS-TIMEOUT IGNORE BY SELECTOR REBOOT-TIMEOUT RESENDS [CLIENT CLIENT-PORT
# ADDRESS PORT]: takes the lock.
begin() {
  stale_id=$(field "$lock" id)
  settle_after_boot
  if [ -n "$stale_id" ] && [ ! -e "$lock" ]; then
    id=$stale_id
    say warning "found the lock of deployment $id from before the machine's last start; recorded: $(say_result)"
  fi
  if [ -e "$run_dir/$1/withdrawn" ] || [ -e "$run_dir/$1/state" ] || [ -n "$(in_history "$1")" ]; then
    say refused "deployment $1 was withdrawn, or started before"
    return 1
  fi
  running=$(link_target "$current_system")
  begin_previous=${running:-$3}
  if [ -e "$lock" ] && { lock_is_live || ! take_from_the_dead interrupted "deployment $1 took over"; }; then
    say_busy
    return 1
  fi
  begin_profile=$(readlink "$profile")
  begin_generation=
  case $8 in
  '' | restorer) ;;
  *)
    if [ "$running" = "$2" ] && [ "$3" != "$2" ] && [ "$3" = "$(link_target "$booted_system")" ]; then
      begin_previous=$3
      begin_generation=$(generation_of "$3")
      if [ -z "$begin_generation" ]; then
        say refused "the machine could not go back to the system that it was started with, $3, which is no generation of the system profile any more; restart it by hand"
        return 1
      fi
    fi
    ;;
  esac
  if [ "$begin_previous" != "$3" ]; then
    say changed "$running"
    return 1
  fi
  for old in "$run_dir"/*; do
    if [ -e "$old/result" ]; then rm -rf "$old"; fi
  done
  {
    printf 'version=1\nid=%s\nsystem=%s\nprevious=%s\nprofile=%s\ngeneration=%s\nboot=%s\n' \
      "$1" "$2" "$begin_previous" "$begin_profile" "$begin_generation" "$(boot_id)"
    printf 'by=%s\nsince=%s\nswitchTimeout=%s\nsuccessTimeout=%s\nignoreFailedUnits=%s\n' \
      "$(one_line "$7")" "$(date +%s)" "$4" "$5" "$6"
    printf 'switcher=%s\nselector=%s\nrebootTimeout=%s\nresends=%s\nsshAddress=%s\nsshPort=%s\n' \
      "$self" "$8" "$9" "${10}" "${13:-}" "${14:-}"
  } | replace_synced "$lock" && use_deployment "$1" && write_state starting 40 0 "" || {
    rm -f "$lock" "$lock.new"
    say refused "$state_dir or $run_dir can't be written to (is the disk full?)"
    return 1
  }
  say started "$begin_previous"
}

# take_from_the_dead OUTCOME WHY: the lock belongs to a deployment of this boot whose switcher and watchdog are both gone.
# One that had changed nothing is recorded, with OUTCOME. One that had goes on where it was left, by a watchdog that we
# start for it: to bring the machine to a good end is its business, and nobody else's. Fails then.
take_from_the_dead() {
  use_deployment "$(field "$lock" id)" || return 1
  stale_state=$(deployment_state)
  case $stale_state in
  '' | starting | preparing) ;;
  *)
    if arm_watchdog; then
      say warning "deployment $id was left $stale_state by its switcher; its watchdog was started again and ends it"
    else
      say warning "deployment $id was left $stale_state by its switcher, and systemd does not start its watchdog again"
    fi
    return 1
    ;;
  esac
  kill_abandoned
  restore_profile
  say warning "deployment $id by $(field "$lock" by) was left ${stale_state:-starting}; nothing had been changed"
  record_end "$1" "its switcher was gone (${stale_state:-starting}); $2"
}

# settle_lock: whoever asks finds a deployment that somebody sees to, or its end. To be called exclusively.
settle_lock() {
  settle_after_boot
  [ -e "$lock" ] && ! lock_is_live || return 0
  # The next boot does: until then nobody is to begin anything.
  shutting_down || take_from_the_dead failed "nothing was changed"
}

say_busy() {
  say busy "id=$(field "$lock" id) since=$(field "$lock" since) state=$(deployment_state) by=$(field "$lock" by)"
}

# abandon REASON: nothing was begun, and the service must not begin any more.
abandon() {
  is_owner && record_end failed "$1"
}

# say_result: how the deployment $id ended; fails when it has not.
say_result() {
  if [ -e "$run_dir/$id/result" ]; then
    say "result $(field "$run_dir/$id/result" outcome) $(field "$run_dir/$id/result" reason)"
    return 0
  fi
  record=$(in_history "$id" | tail -n 1)
  [ -n "$record" ] || return 1
  say "result $(record_outcome "$record") $(record_reason "$record")"
}

# say_log: what has come into the log, open as descriptor 3. The last line may not be complete yet.
say_log() {
  while IFS= read -r log_line <&3; do
    log_number=$((log_number + 1))
    [ "$log_number" -le "$log_from" ] || say output "$log_part$log_line"
    log_part=
  done
  log_part=$log_part$log_line
}

open_log() {
  log_from=${1:-0}
  log_number=0
  log_part=
  mkdir -p "$run_dir/$id"
  : >>"$run_dir/$id/log"
  exec 3<"$run_dir/$id/log"
}

# follow ID [LINE]: until it has ended. Says that it is alive every second.
command_follow() {
  id=$1
  open_log "${2:-0}"
  said_state=
  said_at=0
  while :; do
    follow_state=$(field "$run_dir/$id/state" state)
    ended=
    if [ -e "$run_dir/$id/result" ] || ! use_deployment "$id"; then ended=1; fi
    say_log
    if [ -n "$ended" ]; then
      say_result || say none
      return 0
    fi
    if [ "$follow_state" != "$said_state" ]; then
      said_state=$follow_state
      say state "$follow_state"
    fi
    if [ "$(uptime_seconds)" != "$said_at" ]; then
      said_at=$(uptime_seconds)
      say alive || return 0
      # Nobody sees to it any more: so we do.
      [ ! -e "$lock" ] || lock_is_live || exclusively settle_lock
    fi
    sleep 0.1
  done
}

# give_word WORD REASON: only while the switcher waits for it. A connection that was made before then proves nothing.
give_word() {
  use_deployment "$id" && [ "$(field "$state_file" state)" = waiting ] || return 1
  printf 'word=%s\nreason=%s\n' "$1" "$(one_line "$2")" | replace "$work_dir/word"
}

# hold ID SECONDS [LINE]: the deployer has reached the machine and is not ready to give its word, as it has more to look
# at: the switcher waits for it until SECONDS from now, if that is longer. Safe to repeat. Answers as `result`.
command_hold() {
  id=$1
  exclusively prolong "$2"
  command_result "$id" "${3:-0}"
}

prolong() {
  use_deployment "$id" && [ "$(field "$state_file" state)" = waiting ] || return 1
  printf 'until=%s\n' "$(($(uptime_seconds) + $1))" | replace "$work_dir/hold"
}

# confirm ID [LINE]: answers with the result, or with the state in which it can't be confirmed. Safe to repeat.
command_confirm() {
  id=$1
  if exclusively give_word confirm ""; then
    command_follow "$id" "${2:-0}"
  else
    command_result "$@"
  fi
}

# reject ID [REASON]: rolls back without waiting any longer.
command_reject() {
  id=$1
  if exclusively give_word reject "${2:-the deployer found that something is wrong}"; then
    command_follow "$id" 0
  else
    command_result "$id"
  fi
}

# withdraw ID [LINE]: after this a deployment that has not started will not. Answers `none`, or how it goes.
command_withdraw() {
  id=$1
  exclusively put_withdrawn
  case $? in
  0) ;;
  1) command_result "$@" ;;
  *) return 75 ;;
  esac
}

put_withdrawn() {
  [ "$(field "$lock" id)" != "$id" ] && [ -z "$(in_history "$id")" ] || return 1
  mkdir -p "$run_dir/$id" && : >"$run_dir/$id/withdrawn" || return 73
  say none
}

# result ID [LINE]: one answer of `state`, `result` or `none`, after the new lines of the log; `awaits secrets` after the
# state in which they are to be sent again.
command_result() {
  id=$1
  exclusively settle_lock
  open_log "${2:-0}"
  result_state=
  if use_deployment "$id"; then
    result_state=$(deployment_state)
    { : >"$work_dir/asked"; } 2>/dev/null
  fi
  say_log
  if [ -n "$result_state" ]; then
    say state "$result_state"
    if [ -e "$work_dir/awaits" ] && [ ! -d "$run_dir/secrets/pending/$id" ]; then say awaits secrets; fi
  else
    say_result || say none
  fi
}

command_status() {
  exclusively settle_lock
  if [ -e "$lock" ]; then
    say_busy
    if lock_is_live; then say live; else say stale; fi
  else
    say idle
  fi
}
