# shellcheck shell=sh
# The deployment under way as it is on disk, and who may change it. Part of the switcher.
#
#   $lock               what does not change: version, id, system, previous, profile, boot, by, since, timeouts; with a
#                       selector the machine is restarted into the system (boot.sh), which runs already where there is
#                       a generation, that of the previous one. Synced. It exists from the moment the deployment owns
#                       the machine until its end is recorded.
#   $run_dir/ID/state   what does: state, owner, ownerStart, deadline, tries, reason. Gone after a reboot, when it
#                       would mean nothing any more.
#   $run_dir/ID/word    the deployer's word that all is well, or that it is not.
#   $run_dir/ID/committing  a commit has begun: profile and boot default may have been changed.
#   $run_dir/ID/log     output of the activations.
#   $run_dir/ID/asked   somebody has asked over the network since the roll-back.
#   $run_dir/ID/awaits  secrets that were in memory are to be sent again.
#   $run_dir/ID/result  how it ended.
#   $history            one line for each deployment that has ended.

# replace FILE: standard input becomes the file's content, whole or not at all.
replace() {
  cat >"$1.new" && mv -f "$1.new" "$1"
}

# replace_synced FILE: the same, so that it outlasts a power cut. Fails when the disk is full.
replace_synced() {
  cat >"$1.new" && sync "$1.new" && mv -f "$1.new" "$1" && sync "${1%/*}"
}

# exclusively COMMAND...: no other process is in here meanwhile. A dead one's claim is gone (flock(2)). The command
# runs in a subshell: it can't set variables. 75 when another one does not let go.
exclusively() {
  (
    flock -w 10 9 || exit 75
    "$@"
  ) 9>"$run_dir/mutex"
}

# use_deployment ID: sets the variables that describe it; fails when it is not the one under way.
use_deployment() {
  id=$1
  work_dir=$run_dir/$id
  state_file=$work_dir/state
  log=$work_dir/log
  [ -e "$lock" ] && [ "$(field "$lock" id)" = "$id" ] || return 1
  system=$(field "$lock" system)
  previous=$(field "$lock" previous)
  profile_before=$(field "$lock" profile)
  # Where the system runs already, what it goes back to is another one from the moment that it may be restarted.
  runs_already=$(field "$lock" generation)
  if [ -n "$runs_already" ] && [ -n "$(field "$lock" once)" ]; then profile_before=$runs_already; fi
  switch_timeout=$(field "$lock" switchTimeout)
  success_timeout=$(field "$lock" successTimeout)
  ignore_failed_units=$(field "$lock" ignoreFailedUnits)
  selector=$(field "$lock" selector)
  # After a restart the machine comes back before it can be reached.
  if [ "$(field "$lock" once)" = booted ]; then success_timeout=$(field "$lock" rebootTimeout); fi
  program=$(field "$lock" switcher)
  ssh_address=$(field "$lock" sshAddress)
  ssh_port=$(field "$lock" sshPort)
  commit_timeout=$((switch_timeout + 120))
  restore_timeout=$((switch_timeout > 60 ? switch_timeout : 60))
  settle_timeout=30
  # How long a roll-back may last: two attempts, and the time for things to come back.
  roll_back_deadline=$((restore_timeout * 2 + settle_timeout + 120))
}

# write_state STATE SECONDS TRIES REASON: we own the deployment; SECONDS is how long this state may last before the
# watchdog takes it from us.
write_state() {
  {
    printf 'version=1\nstate=%s\nowner=%s\nownerStart=%s\n' "$1" "$$" "$(start_time $$)"
    printf 'deadline=%s\ntries=%s\nreason=%s\n' "$(($(uptime_seconds) + $2))" "$3" "$4"
  } | replace "$state_file"
}

is_owner() {
  [ "$(field "$lock" id)" = "$id" ] &&
    [ "$(field "$state_file" owner)" = "$$" ] && [ "$(field "$state_file" ownerStart)" = "$(start_time $$)" ]
}

# change_state FROM STATE SECONDS REASON: fails when the deployment is in none of the states FROM (a list with spaces
# around each), or not ours any more.
change_state() {
  is_owner || return 1
  case $1 in *" $(field "$state_file" state) "*) ;; *) return 1 ;; esac
  write_state "$2" "$3" "$(field "$state_file" tries)" "$4"
}

# adopt FROM STATE SECONDS: makes a deployment ours that was made for us. One whose end is recorded is over, though the
# one who recorded it may have died before the lock was released.
adopt() {
  [ "$(field "$lock" id)" = "$id" ] && [ -z "$(in_history "$id")" ] || return 1
  case $1 in *" $(field "$state_file" state) "*) ;; *) return 1 ;; esac
  write_state "$2" "$3" "$(($(field "$state_file" tries) + 1))" "$(field "$state_file" reason)"
}

# note TEXT: a line in the log, in our own name.
note() {
  { printf 'switcher: %s\n' "$1" >>"$log"; } 2>/dev/null
}

# one_line TEXT: what may stand in a line of the history.
one_line() {
  printf '%s' "$1" | tr '\000-\037' ' '
}

# record_outcome LINE, record_reason LINE: of a line of the history.
record_outcome() {
  record_rest=${1#*"	outcome="}
  printf '%s\n' "${record_rest%%"	"*}"
}

record_reason() {
  printf '%s\n' "${1#*"	reason="}"
}

add_to_history() {
  {
    if [ -s "$history" ]; then
      tail -n "$kept_history" "$history"
      # Somebody else's writing may end without a newline.
      [ "$(tail -c 1 "$history" | wc -l)" -eq 1 ] || echo
    fi
    printf 'version=1\tid=%s\tend=%s\toutcome=%s\tsystem=%s\tprevious=%s\tby=%s\tsince=%s\treason=%s\n' \
      "$id" "$(date +%s)" "$1" "$system" "$previous" "$(field "$lock" by)" "$(field "$lock" since)" \
      "$(one_line "$2")"
  } | replace_synced "$history"
}

# record_end OUTCOME REASON: the deployment is over and the lock is released, in an order in which a power cut at any
# moment leaves either the lock or the record. A full disk does not keep the lock from being released. What is recorded
# already stays: whoever did that died before the lock was released.
record_end() {
  recorded=$(in_history "$id" | tail -n 1)
  if [ -n "$recorded" ]; then
    set -- "$(record_outcome "$recorded")" "$(record_reason "$recorded")"
  else
    add_to_history "$1" "$2" || note "the end of this deployment could not be added to $history"
  fi
  rm -rf "${gc_roots:?}/$id"
  [ -n "$selector" ] && remove_boot_unit "$id"
  unit_removed=$?
  rm -f "$lock" && sync "$state_dir"
  if [ "$unit_removed" -eq 0 ]; then
    # One that was killed would stay, as failed.
    timeout 10 systemctl reset-failed "nixus-boot-$id.service" </dev/null 2>/dev/null
    timeout 60 systemctl daemon-reload </dev/null
  fi
  # Last: who hears of the end may begin the next deployment at once.
  mkdir -p "$work_dir" &&
    printf 'outcome=%s\nreason=%s\n' "$1" "$(one_line "$2")" | replace "$work_dir/result"
}

# end OUTCOME REASON: by the owner. The log goes to the journal as a whole, as our own standard output.
end() {
  # While the lock is ours: the next deployment may bring secrets of its own into use as soon as it is not.
  (wipe_pending "$id" && collect_secrets) >>"$log" 2>&1
  exclusively record_end "$1" "$2"
  cat "$log"
  printf 'switcher: deployment %s: %s %s\n' "$id" "$1" "$2"
  timeout 10 systemctl stop "nixus-watchdog-$id.timer" 2>/dev/null
  return 0
}

# settle_after_boot: a deployment that a reboot or a power cut ended is recorded as what became of it. A machine boots
# the new system only when its commit had come to the boot default. The profile follows what runs, also where it was put
# back already. To be called exclusively.
settle_after_boot() {
  [ -e "$lock" ] || return 0
  # Not by us: it is replaced whole. Nothing can be known of its deployment, and nobody could deploy again.
  if [ -z "$(field "$lock" id)" ]; then
    say warning "the lock $lock could not be read, and was removed"
    rm -f "$lock"
    return 0
  fi
  [ "$(field "$lock" boot)" != "$(boot_id)" ] || return 0
  use_deployment "$(field "$lock" id)"
  settled_system=$(link_target "$current_system")
  # Started once, and to be confirmed; or it is too early to say.
  if [ "$(field "$lock" once)" = set ] && { [ -z "$settled_system" ] || was_booted_once; }; then return 0; fi
  # A boot loader that did not do what it was told may do it the next time.
  if [ "$(field "$lock" once)" = set ] && ! selector clear; then
    say warning "$system may be what the machine starts next: $selector_problem"
  fi
  reason=$(field "$lock" reason)
  if [ "$settled_system" = "$system" ]; then
    settled_reason="the machine was restarted while the confirmed system was made the default"
    if [ "$(link_target "$profile")" != "$system" ]; then
      mkdir -p "$work_dir"
      set_profile "$system" || settled_reason="$settled_reason; its system profile could not be set"
    fi
    # One that ran before it was to be started, or that is started again as the other one could not be.
    if [ -n "$runs_already" ] && { [ -z "$(field "$lock" once)" ] || [ -n "$reason" ]; }; then
      record_end failed "${reason:-the machine was restarted before it was to be, into the system that it ran}"
    else
      record_end activated "$settled_reason"
    fi
  else
    restore_profile
    if [ -z "$reason" ] && [ "$(field "$lock" once)" = set ]; then
      reason="the machine has not started into the new system, or has restarted before its switcher ran"
    fi
    record_end rolled-back "${reason:-the machine was restarted before the new system was confirmed and committed}"
  fi
}

# generation_of SYSTEM: the name of a generation's link, relative to the profile's directory; empty when it is none.
generation_of() {
  for generation_link in "$profile"-*-link; do
    if [ "$(link_target "$generation_link")" = "$1" ]; then
      printf '%s\n' "${generation_link##*/}"
      return 0
    fi
  done
}

# link_profile LINK: the profile is this generation. One that somebody has removed meanwhile is made again, of the system
# that ran: it is protected as long as the deployment lasts.
link_profile() {
  case $1 in
  /*) link_generation=$1 ;;
  *) link_generation=${profile%/*}/$1 ;;
  esac
  [ -e "$link_generation" ] || ln -sfn "$root$previous" "$link_generation"
  ln -sfn "$1" "$profile.nixus" && mv -fT "$profile.nixus" "$profile"
}

# restore_profile: the profile is what it was before the deployment. The link is replaced as a whole, and without Nix,
# which may be what is broken.
restore_profile() {
  if [ -z "$profile_before" ]; then
    # There was none: the links that we made go, those of others stay.
    for link in "$profile" "$profile"-*-link; do
      case $(link_target "$link") in
      "$system" | "$previous") [ ! -L "$link" ] || rm -f "$link" ;;
      esac
    done
  elif [ "$(readlink "$profile")" != "$profile_before" ]; then
    link_profile "$profile_before"
  fi
  if [ -d "${profile%/*}" ]; then sync "${profile%/*}"; fi
}
