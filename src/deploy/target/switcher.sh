#!/bin/sh
# The switcher: activates a system on this machine and goes back to the one before, unless the deployer confirms over
# a new connection that the machine can still be reached. Runs as root, outlives the session that started it.
# The protocol is described in docs/reference/switcher.md.
#
#   switcher.sh start ID SYSTEM PREVIOUS SWITCH-TIMEOUT SUCCESS-TIMEOUT IGNORE-FAILED-UNITS BY [SELECTOR REBOOT-TIMEOUT]
#   switcher.sh confirm|reject|withdraw ID       the deployer's word
#   switcher.sh hold ID SECONDS [LINE]           wait so much longer for it
#   switcher.sh result|follow ID [LINE]          how it goes; output of the activations from that line on
#   switcher.sh status                           the deployment under way
#   switcher.sh run|watch|boot ID                what the service, the watchdog's timer and the start of the machine run

here=$(dirname "$0")
# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=deployment.sh
. "$here/deployment.sh"
# shellcheck source=secrets.sh
. "$here/secrets.sh"
# shellcheck source=snapshot.sh
. "$here/snapshot.sh"
# shellcheck source=activation.sh
. "$here/activation.sh"
# shellcheck source=selector.sh
. "$here/selector.sh"
# shellcheck source=selector-restorer.sh
. "$here/selector-restorer.sh"
# shellcheck source=selector-systemd-boot.sh
. "$here/selector-systemd-boot.sh"
# shellcheck source=selector-grub.sh
. "$here/selector-grub.sh"
# shellcheck source=selector-program.sh
. "$here/selector-program.sh"
# shellcheck source=boot.sh
. "$here/boot.sh"
# shellcheck source=switch.sh
. "$here/switch.sh"
# shellcheck source=watch.sh
. "$here/watch.sh"
# shellcheck source=answers.sh
. "$here/answers.sh"

stop_requested=

usage() {
  printf 'usage: %s start|confirm|reject|hold|withdraw|result|follow|status|run|watch|boot ...\n' "$0" >&2
  exit 64
}

[ "$#" -ge 1 ] || usage
action=$1
shift
case $action in
start) case $# in 7 | 9 | 10) ;; *) usage ;; esac ;;
status) [ "$#" -eq 0 ] || usage ;;
confirm | reject | hold | withdraw | result | follow | run | watch | boot)
  [ "$#" -ge 1 ] || usage
  case $1 in '' | *[!A-Za-z0-9-]*) usage ;; esac
  if [ "$action" = hold ]; then case ${2:-} in '' | *[!0-9]*) usage ;; esac fi
  ;;
*) usage ;;
esac
mkdir -p "$run_dir" "$state_dir" || exit 73
"command_$action" "$@"
