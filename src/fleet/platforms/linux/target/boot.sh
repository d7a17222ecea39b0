#!/bin/sh
# Started by nixus-restore.service, from a copy outside of the store: applies the committed system, and where there is
# none (never committed, or /nix is not there) puts the machine back as it was found.
committed=/nix/var/nix/profiles/system/bin/restore
if [ -r "$committed" ]; then
  exec /bin/sh "$committed"
fi
if [ -L /nix/var/nix/profiles/system ]; then
  echo "warning: the committed system cannot be read; putting the machine back as it was found" >&2
fi
exec /bin/sh /var/lib/nixus/linux/restorer/bin/restore
