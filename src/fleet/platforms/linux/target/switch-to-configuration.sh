#!/bin/sh
# shellcheck disable=SC1090,SC1091,SC2154
# switch-to-configuration switch|boot|test|dry-activate: puts this system into effect on this machine.
# Status: 0 done; 4 done, but units failed; 1 refused, nothing was changed; 2 something could not be done.
# docs/reference/linux-activation.md explains what happens and why each moment of it survives a power cut.
set -u
system=$(readlink -f -- "$0") && system=${system%/bin/*} || exit 1
for library in common files accounts units checks restorer host kernel secrets; do
  . "$system/lib/$library.sh"
done

usage() {
  printf 'usage: %s switch|boot|test|dry-activate\n' "$0" >&2
  exit 1
}

# A refusal is for new systems. The one that runs and the committed one can always be gone back to.
is_known_system() {
  [ "$(readlink -f /run/current-system)" = "$system" ] || [ "$(readlink -f "$profile")" = "$system" ]
}

check_system() {
  cs_status=0
  plan_files && plan_accounts || return 1
  check_files || cs_status=1
  check_activation_script || cs_status=1
  check_network || cs_status=1
  check_firewall || cs_status=1
  check_sshd || cs_status=1
  check_own || cs_status=1
  check_sudo || cs_status=1
  return $cs_status
}

refuse_bad_system() {
  if check_system; then return 0; fi
  if is_known_system; then
    warn 'activating it all the same: it is the system that this machine ran before'
  else
    problem 'nothing was changed'
    exit 1
  fi
}

# The restorer first: from then on any boot leads to the committed system.
arm_restorer() {
  if ! install_restorer; then
    problem 'the restorer could not be installed; nothing was changed'
    exit 1
  fi
}

# apply_secrets early|all: a system whose secrets are not there is a failure, unless it is one that was gone back to.
apply_secrets() {
  if install_secrets "$system/nixus-secrets" "$1" || is_known_system; then return 0; fi
  problem 'secrets could not be set up'
  status=2
}

activate() {
  status=0
  plan_units && mark_units && mark_daemons || return 2
  stop_units
  say 'activating the configuration...'
  apply_secrets early
  apply_accounts || { problem 'accounts could not be set up'; status=2; }
  apply_secrets all
  say 'setting up /etc...'
  { plan_files && apply_files; } || { problem 'files could not be set up'; status=2; }
  apply_hostname || { problem 'the host name could not be set'; status=2; }
  apply_tmpfiles || { problem 'systemd.tmpfiles.rules could not be carried out'; status=2; }
  apply_parameters || { problem 'kernel parameters could not be set'; status=2; }
  if [ -e "$system/bin/activate" ]; then
    NIXOS_ACTION=$action "$system/bin/activate" </dev/null 9>&- ||
      { problem 'activation scripts failed'; status=2; }
  fi
  systemctl daemon-reload </dev/null 9>&- || status=2
  reload_daemons || status=2
  start_units
  register_running_system /run/current-system || status=2
  report_failed_units
  failed=$?
  finish_units || status=2
  [ $status != 0 ] || status=$failed
  if is_untouched; then
    systemctl stop nixus-restore.service 2>/dev/null </dev/null 9>&- || true
    remove_restorer || status=2
  fi
  sync -f /etc && sync -f "$state" || status=2
  return "$status"
}

[ $# = 1 ] || usage
action=$1
case $action in switch | boot | test | dry-activate) ;; *) usage ;; esac
if [ "$(id -u)" != 0 ]; then
  problem 'only root can activate a system'
  exit 1
fi
if [ "$action" = dry-activate ]; then
  prepare_look || exit 1
else
  take_lock 30 && check_formats && prepare_state || exit 1
fi

case $action in
  dry-activate)
    refuse_bad_system
    plan_units && show_plan
    status=$?
    ;;
  boot)
    # The profile decides what boots; the restorer brings it into effect.
    if is_untouched; then
      systemctl stop nixus-restore.service 2>/dev/null </dev/null 9>&- || true
      remove_restorer
    else
      arm_restorer
    fi
    status=$?
    sync -f "$state" && sync -f /etc || status=2
    ;;
  test | switch)
    refuse_bad_system
    # A system that manages nothing, on a machine where nothing is managed, needs none.
    is_untouched || arm_restorer
    activate
    status=$?
    ;;
esac
rm -rf -- "$work"
exit "$status"
