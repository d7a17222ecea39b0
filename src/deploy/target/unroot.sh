# shellcheck shell=sh
# Removes the protection from the garbage collector, and the secrets that were sent, when a deployment ends before its
# switcher has begun. Sent over SSH after common.sh and secrets.sh with `roots_id` set.

if [ "$(field "$lock" id)" != "$roots_id" ]; then
  rm -rf "${gc_roots:?}/${roots_id:?}"
  wipe_pending "$roots_id"
fi
