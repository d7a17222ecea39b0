#!/bin/sh
# Started by nixus-restore.service, from a copy outside of the store: applies the committed system, and where there is
# none (never committed, or /nix is not there) puts the machine back as it was found. A system that this start alone is
# to be into is named by a mark, which a deployment that restarts the machine has made (docs/reference/switcher.md).
mark=/var/lib/nixus/linux/once
committed=/nix/var/nix/profiles/system/bin/restore
if [ -e "$mark" ]; then
  read -r once <"$mark"
  # Gone from the disk before it is used: whatever happens now, the next start is into the committed system.
  if rm -f -- "$mark" && sync /var/lib/nixus/linux && [ -r "$once/bin/restore" ]; then
    exec /bin/sh "$once/bin/restore"
  fi
  echo "warning: not starting into $once: the mark $mark could not be removed, or the system not be read" >&2
fi
if [ -r "$committed" ]; then
  exec /bin/sh "$committed"
fi
if [ -L /nix/var/nix/profiles/system ]; then
  echo "warning: the committed system cannot be read; putting the machine back as it was found" >&2
fi
exec /bin/sh /var/lib/nixus/linux/restorer/bin/restore
