#!/bin/sh
# On the machine: holds the process that calls it at the moment $1, as long as /run/faults/hold.MOMENT exists, then runs
# /run/faults/do.MOMENT if there is one. Fails where /run/faults/fail.MOMENT exists. /var/faults is the same for moments
# after a restart.
for moments in /run/faults /var/faults; do
  if [ -e "$moments/hold.$1" ]; then
    : >"$moments/reached.$1"
    while [ -e "$moments/hold.$1" ]; do sleep 0.05; done
  fi
  # shellcheck source=/dev/null
  if [ -e "$moments/do.$1" ]; then . "$moments/do.$1"; fi
  if [ -e "$moments/fail.$1" ]; then exit 1; fi
done
exit 0
