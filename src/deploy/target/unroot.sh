# shellcheck shell=sh
# Removes the protection from the garbage collector, and the secrets that were sent, when a deployment ends before its
# switcher has begun. Sent over SSH after common.sh and secrets.sh with `import_id` set.

if [ "$(field "$lock" id)" != "$import_id" ]; then
  rm -rf "${gc_roots:?}/${import_id:?}"
  wipe_pending "$import_id"
fi
