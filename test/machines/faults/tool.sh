#!/bin/sh
# On the machine, as /usr/local/bin/TOOL: a tool that the switcher uses, with a gate before it. The moment is the state of the
# deployment and the tool's name (`preparing.sync`, after the commit's mark `committing.marked.sync`), and for the files
# that are synced without a state `locking`, `recording` and `released`.
tool=${0##*/}
for armed in /run/faults/*.*; do
  [ -e "$armed" ] || break
  value() { sed -n "s/^$2=//p" "$1" 2>/dev/null; }
  id=$(value /var/lib/nixus/deployment id)
  case "$tool $*" in
  "sync /var/lib/nixus/deployment.new") moment=locking ;;
  "sync /var/lib/nixus/history.new") moment=recording ;;
  "sync /var/lib/nixus") if [ -e /var/lib/nixus/deployment ]; then moment=; else moment=released; fi ;;
  "systemctl reboot") moment=reboot ;;
  systemctl*) moment= ;;
  *)
    moment=$(value "/run/nixus/$id/state" state)
    if [ -e "/run/nixus/$id/committing" ]; then moment=$moment.marked; fi
    moment=$moment.$tool
    ;;
  esac
  if [ -n "$moment" ]; then /usr/local/lib/faults/gate "$moment" || exit 1; fi
  break
done
exec "/usr/bin/$tool" "$@"
