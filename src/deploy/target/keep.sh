# shellcheck shell=sh
# Protects what `nixus build` has built here from the garbage collector. Sent over SSH with `keep_prefix` and
# `keep_paths` (name=path, with spaces between) set. Roots of the same names are replaced. It is on the disk then.

if [ "$(id -u)" = 0 ]; then
  keep_dir=/nix/var/nix/gcroots/nixus-built
else
  keep_dir=${XDG_STATE_HOME:-$HOME/.local/state}/nixus/built
fi
mkdir -p "$keep_dir" || exit 73
for pair in $keep_paths; do
  nix-store --realise "${pair#*=}" --add-root "$keep_dir/$keep_prefix-${pair%%=*}" --indirect >/dev/null || exit 74
done
sync -f /nix/store || exit 73
