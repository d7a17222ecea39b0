# shellcheck shell=sh
# Protects store paths from the garbage collector, also before they come, until the switcher removes the protection at
# the end of the deployment. Sent over SSH after common.sh and arriving.sh with `roots_id` and `root_paths` (with spaces
# between) set.

for old in "$gc_roots"/*; do
  # Of deployments that never came to their switch, more than a day ago, if the clock has not been set meanwhile.
  if [ -d "$old" ] && [ ! -L "$old" ] && [ "${old##*/}" != "$(field "$lock" id)" ] &&
    [ "$(($(date +%s) - $(stat -c %Y "$old")))" -gt 86400 ]; then
    rm -rf "$old"
  fi
done
# What can't be had needs no protection, also when the connection is lost half-way.
give_up() {
  rm -rf "${gc_roots:?}/${roots_id:?}"
  exit "$1"
}
remove_damaged || exit 74
mkdir -p "$gc_roots/$roots_id" || exit 73
root_number=0
for store_path in $root_paths; do
  root_number=$((root_number + 1))
  ln -sfn "$store_path" "$gc_roots/$roots_id/$root_number" || give_up 73
done
