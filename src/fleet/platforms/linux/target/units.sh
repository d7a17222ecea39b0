# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # the variables of common.sh, the fields of the manifest
# Units: which run with an old definition, and what is done about them (the rules of NixOS's
# switch-to-configuration). Unit files themselves are managed files below /run/systemd/system (files.sh).
#
# $volatile/units/NAME holds `VERSION RELOAD-VERSION STRATEGY` of the definition that took effect last, and
# `changing - STRATEGY` from before an activation touches the unit until it is done with it: after a kill that
# compares unequal to everything. $state/originals/units/NAME tells whether a distribution unit of that name was
# running when it was last taken over (`active` or `inactive`); it stays until nothing is managed any more, since the
# committed system may take the unit over again at a boot, too early to see.

# unit_state NAME: active, inactive, failed, activating ...; asked once per plan.
unit_state() {
  if [ ! -e "$work/states/$1" ]; then
    systemctl is-active -- "$1" >"$work/states/$1" 2>/dev/null 9>&- || true
  fi
  us_state=unknown
  read -r us_state <"$work/states/$1" || true
}

is_running() {
  unit_state "$1"
  case $us_state in active | activating | reloading | refreshing) return 0 ;; *) return 1 ;; esac
}

# Whether any of these (commas between them) runs, or is about to: a machine that is still booting.
is_wanted() {
  [ "$1" != - ] || return 1
  iw_rest=$1,
  while [ -n "$iw_rest" ]; do
    iw_unit=${iw_rest%%,*} iw_rest=${iw_rest#*,}
    if is_running "$iw_unit"; then return 0; fi
    iw_job=$(systemctl show -p Job --value -- "$iw_unit" 2>/dev/null 9>&-)
    case $iw_job in '' | 0) ;; *) return 0 ;; esac
  done
  return 1
}

# list LIST NAME: once.
list() { has_line "$work/units/$1" "$2" || printf '%s\n' "$2" >>"$work/units/$1"; }

# A socket cannot start while its service runs without it: that stops too, and comes back as it was. $1 is the socket.
list_socket() {
  if is_running "$1"; then list stop "$1"; fi
  list start "$1"
  for ls_service in $(systemctl show -p Triggers --value -- "$1" 2>/dev/null 9>&-) "${1%.socket}.service"; do
    is_running "$ls_service" || continue
    list stop "$ls_service"
    # Not one of ours that goes.
    if [ ! -e "$volatile/units/$ls_service" ] || has_unit "$ls_service"; then list start "$ls_service"; fi
  done
}

# Sorts the units into the lists stop, start, restart, reload, keep, removed. Changes nothing.
plan_units() {
  rm -rf -- "$work/states" "$work/units" && mkdir -p "$work/states" "$work/units" "$work/known" || return 1
  for pu_list in stop start restart reload keep removed; do : >"$work/units/$pu_list"; done
  while read -r name policy version reload_version strategy wanted_by; do
    : >"$work/known/$name"
    was_version=''
    was_reload=''
    if [ -e "$volatile/units/$name" ]; then
      read -r was_version was_reload was_strategy <"$volatile/units/$name" || true
    fi
    if [ "$policy" = mask ]; then
      if is_running "$name"; then list stop "$name"; fi
    elif ! is_running "$name"; then
      if ! is_wanted "$wanted_by"; then
        :
      elif [ "$policy" = socket ]; then
        list_socket "$name"
      else
        list start "$name"
      fi
    elif [ "$was_version" = "$version" ]; then
      if [ "$was_reload" != "$reload_version" ]; then list reload "$name"; fi
    else
      # A distribution unit that runs already is not stopped for a drop-in.
      if [ "$policy,$strategy" = stop-start,drop-in ]; then policy=restart; fi
      case $policy in
        stop-start)
          list stop "$name"
          list start "$name"
          ;;
        socket) list_socket "$name" ;;
        restart | reload | keep) list "$policy" "$name" ;;
        none) ;;
      esac
    fi
  done <"$system/manifest/units"
  for pu_file in "$volatile"/units/*; do
    [ -e "$pu_file" ] || continue
    name=${pu_file##*/}
    [ ! -e "$work/known/$name" ] || continue
    list removed "$name"
    read -r was_version was_reload was_strategy <"$pu_file" || true
    pu_found=
    [ ! -e "$state/originals/units/$name" ] || read -r pu_found <"$state/originals/units/$name" || true
    if [ "$pu_found,$was_strategy" = active,links ]; then
      : # it was only enabled, and ran before
    elif [ "$pu_found,$was_strategy" = active,drop-in ] && is_running "$name"; then
      list restart "$name"
    else
      if is_running "$name"; then list stop "$name"; fi
      if [ "$pu_found" = active ]; then list start "$name"; fi
    fi
  done
}

# Asked while our own unit of that name is not loaded.
has_distribution_unit() {
  [ "$(systemctl show -p LoadState --value -- "$1" 2>/dev/null 9>&-)" != not-found ]
}

# Early in a boot, for a system that was never activated while the machine ran: what would have been started.
remember_enabled_units() {
  mkdir -p "$state/originals/units" || return 1
  while read -r name policy version reload_version strategy wanted_by; do
    [ ! -e "$state/originals/units/$name" ] || continue
    has_distribution_unit "$name" || continue
    if systemctl is-enabled --quiet -- "$name" 2>/dev/null 9>&-; then re_found=active; else re_found=inactive; fi
    write_file "$state/originals/units/$name" "$re_found" || return 1
  done <"$system/manifest/units"
}

# Before anything changes: remember how distribution units were found, and that these units are being changed.
mark_units() {
  mkdir -p "$state/originals/units" || return 1
  while read -r name policy version reload_version strategy wanted_by; do
    if [ ! -e "$volatile/units/$name" ]; then
      rm -f -- "$state/originals/units/$name"
      if has_distribution_unit "$name"; then
        if is_running "$name"; then mu_found=active; else mu_found=inactive; fi
        write_file "$state/originals/units/$name" "$mu_found" || return 1
      fi
    fi
    mu_record=
    [ ! -e "$volatile/units/$name" ] || read -r mu_record <"$volatile/units/$name" || true
    if [ "$mu_record" != "$version $reload_version $strategy" ]; then
      write_file "$volatile/units/$name" "changing - $strategy" || return 1
    fi
  done <"$system/manifest/units"
  while IFS= read -r name; do
    read -r was_version was_reload was_strategy <"$volatile/units/$name" || true
    write_file "$volatile/units/$name" "changing - ${was_strategy:-whole}" || return 1
  done <"$work/units/removed"
}

# After all actions: these definitions are in effect.
finish_units() {
  while read -r name policy version reload_version strategy wanted_by; do
    write_file "$volatile/units/$name" "$version $reload_version $strategy" || return 1
  done <"$system/manifest/units"
  for fu_file in "$volatile"/units/*; do
    [ -e "$fu_file" ] || continue
    name=${fu_file##*/}
    has_unit "$name" || rm -f -- "$fu_file"
  done
}

has_unit() {
  while read -r hu_name hu_rest; do
    if [ "$hu_name" = "$1" ]; then return 0; fi
  done <"$system/manifest/units"
  return 1
}

# announce TEXT LIST: one line in NixOS's words, nothing for an empty list.
announce() {
  an_names=
  while IFS= read -r name; do an_names=${an_names:+$an_names, }$name; done <"$work/units/$2"
  [ -z "$an_names" ] || say "$1: $an_names"
}

# run_systemctl VERB LIST: on all units of the list at once. Whether they came up is asked afterwards.
run_systemctl() {
  set -- "$1" "$2" --
  while IFS= read -r name; do set -- "$@" "$name"; done <"$work/units/$2"
  rs_verb=$1
  shift 2
  if [ $# -gt 1 ]; then systemctl "$rs_verb" "$@" </dev/null 9>&-; fi
}

stop_units() {
  announce 'stopping the following units' stop
  announce 'NOT restarting the following changed units' keep
  run_systemctl stop stop || warn 'not all units could be stopped'
}

start_units() {
  if [ ! -e "$system/bin/activate" ]; then printf '%s\n' nixus-activate.service >>"$work/units/removed"; fi
  while IFS= read -r name; do
    # What is no longer there is no longer failed.
    systemctl reset-failed -- "$name" 2>/dev/null </dev/null 9>&- || true
  done <"$work/units/removed"
  announce 'reloading the following units' reload
  : >"$work/units/failed"
  while IFS= read -r name; do
    # A unit that fails to reload runs on with what it had; its state does not tell.
    systemctl reload -- "$name" </dev/null 9>&- || list failed "$name"
  done <"$work/units/reload"
  announce 'restarting the following units' restart
  run_systemctl restart restart || true
  announce 'starting the following units' start
  run_systemctl start start || true
}

# With the daemons that would read their files again.
show_plan() {
  if daemon_changed sshd; then
    for sp_unit in ssh.service sshd.service; do
      if is_running $sp_unit; then
        list reload $sp_unit
        break
      fi
    done
  fi
  if daemon_changed network && is_running systemd-networkd.service; then list reload systemd-networkd.service; fi
  announce 'would stop the following units' stop
  announce 'would NOT restart the following changed units' keep
  say 'would activate the configuration...'
  announce 'would reload the following units' reload
  announce 'would restart the following units' restart
  announce 'would start the following units' start
}

# Of the units touched, those that failed or keep failing. Status 4 when there are any.
report_failed_units() {
  cat -- "$work/units/reload" "$work/units/restart" "$work/units/start" >"$work/units/touched"
  [ -s "$work/units/touched" ] || return 0
  # A service of type simple counts as started before its program has shown whether it runs.
  sleep 0.5
  while IFS= read -r name; do
    if has_line "$work/units/failed" "$name"; then continue; fi
    ru_state=$(systemctl show -p LoadState -p ActiveState -p SubState -- "$name" 2>/dev/null 9>&-)
    case $ru_state in
      *LoadState=not-found* | *LoadState=bad-setting* | *LoadState=error*) list failed "$name" ;;
      *ActiveState=failed* | *SubState=auto-restart*) list failed "$name" ;;
    esac
  done <"$work/units/touched"
  [ -s "$work/units/failed" ] || return 0
  announce 'warning: the following units failed' failed >&2
  while IFS= read -r name; do
    systemctl status --no-pager --full -n 10 -- "$name" </dev/null >&2 9>&- || true
  done <"$work/units/failed"
  return 4
}

# Daemons that are not units of ours but read managed files: sshd and networkd. $volatile/digests/NAME tells which
# files they read last.
daemon_changed() {
  read_setting "$1"
  dc_was=
  [ ! -e "$volatile/digests/$1" ] || read -r dc_was <"$volatile/digests/$1" || true
  [ "$setting" != "$dc_was" ]
}

mark_daemons() {
  for md_name in sshd network; do
    if daemon_changed $md_name; then write_file "$volatile/digests/$md_name" changing || return 1; fi
  done
}

finish_daemon() {
  read_setting "$1"
  if [ -n "$setting" ]; then write_file "$volatile/digests/$1" "$setting"; else rm -f -- "$volatile/digests/$1"; fi
}

reload_daemons() {
  rd_status=0
  if daemon_changed network; then
    if systemctl is-active --quiet systemd-networkd.service 9>&-; then
      say 'reloading the network configuration...'
      networkctl reload </dev/null 9>&- || rd_status=1
    fi
    [ $rd_status = 1 ] || finish_daemon network || rd_status=1
  fi
  if daemon_changed sshd; then
    rd_sshd=0
    for rd_unit in ssh.service sshd.service; do
      if systemctl is-active --quiet $rd_unit 9>&-; then
        # A daemon with a configuration that it refuses would end at the reload.
        if rd_answer=$(sshd -t 2>&1 9>&-); then
          say "reloading the following units: $rd_unit"
          systemctl reload $rd_unit </dev/null 9>&- || rd_sshd=1
        else
          problem "sshd refuses its configuration and was not reloaded: $rd_answer"
          rd_sshd=1
        fi
        break
      fi
    done
    if [ $rd_sshd = 0 ]; then finish_daemon sshd || rd_status=1; else rd_status=1; fi
  fi
  return $rd_status
}
