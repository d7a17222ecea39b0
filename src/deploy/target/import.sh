# shellcheck shell=sh
# Receives store objects over standard input, in Nix's export format. Sent over SSH after common.sh with `import_id`
# and `import_roots` (store paths, with spaces between) set. What is imported is protected from the garbage collector
# before it comes; the switcher removes the protection when the deployment has ended.

for old in "$gc_roots"/*; do
  # Of deployments that never came to their switch, more than a day ago.
  if [ -d "$old" ] && [ ! -L "$old" ] && [ "$(($(date +%s) - $(stat -c %Y "$old")))" -gt 86400 ]; then
    rm -rf "$old"
  fi
done
# What can't be imported needs no protection, also when the connection is lost half-way.
give_up() {
  rm -rf "${gc_roots:?}/${import_id:?}"
  exit "$1"
}
mkdir -p "$gc_roots/$import_id" || exit 73
root_number=0
for store_path in $import_roots; do
  root_number=$((root_number + 1))
  ln -sfn "$store_path" "$gc_roots/$import_id/$root_number" || give_up 73
done
nix-store --import >/dev/null || give_up 74
for store_path in $import_roots; do
  nix-store --check-validity "$store_path" || give_up 74
done
