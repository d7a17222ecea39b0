#!/bin/sh
# On the machine, as /usr/local/bin/TOOL: a tool that the switcher uses, with a gate before it. The moment is the state of the
# deployment and the tool's name (`preparing.sync`, after the commit's mark `committing.marked.sync`), and for the files
# that are synced without a state `locking`, `recording` and `released`; of a restart `booting.lock`, `booting.mark`, and
# `started.TOOL` after it.
tool=${0##*/}
for armed in /run/faults/*.* /var/faults/*.*; do
  [ -e "$armed" ] || continue
  value() { sed -n "s/^$2=//p" "$1" 2>/dev/null; }
  id=$(value /var/lib/nixus/deployment id)
  state=$(value "/run/nixus/$id/state" state)
  if [ -z "$state" ] && [ -n "$(value /var/lib/nixus/deployment once)" ]; then state=started; fi
  case "$tool $*" in
  "sync /var/lib/nixus/deployment.new") if [ "$state" = booting ]; then moment=booting.lock; else moment=locking; fi ;;
  "sync /var/lib/nixus/linux/once.new") moment=booting.mark ;;
  "sync /var/lib/nixus/history.new") moment=recording ;;
  "sync /var/lib/nixus") if [ -e /var/lib/nixus/deployment ]; then moment=; else moment=released; fi ;;
  "systemctl reboot") moment=reboot ;;
  systemctl*) moment= ;;
  *)
    moment=$state
    if [ -e "/run/nixus/$id/committing" ]; then moment=$moment.marked; fi
    moment=$moment.$tool
    ;;
  esac
  if [ -n "$moment" ]; then /usr/local/lib/faults/gate "$moment" || exit 1; fi
  break
done
exec "/usr/bin/$tool" "$@"
