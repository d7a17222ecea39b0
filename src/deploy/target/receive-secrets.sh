# shellcheck shell=sh
# Receives secrets over standard input, as an archive (NAR) of two directories: `disk` and `memory`. Sent over SSH after
# common.sh and secrets.sh with `secrets_id` (the deployment's) and `secrets_count` set. They wait in a directory that
# only root can pass until the activation puts them into use.

umask 077
# In memory, until all of it is there.
received=$run_dir/secrets/receiving-$secrets_id
trap 'rm -rf -- "${received:?}"' EXIT
for base in "$state_dir/secrets" "$run_dir/secrets"; do
  (umask 022 && mkdir -p -- "$base") && chmod 711 -- "$base" || exit 73
done
wipe_abandoned
wipe_pending "$secrets_id"
nix-store --restore "$received" || exit 74
set -- "$received"/disk/* "$received"/memory/*
received_count=0
for file in "$@"; do
  if [ -f "$file" ] && [ ! -L "$file" ]; then received_count=$((received_count + 1)); fi
done
if [ "$received_count" != "$secrets_count" ]; then
  printf 'of %s secrets %s arrived\n' "$secrets_count" "$received_count" >&2
  exit 74
fi
chmod 600 -- "$received"/*/* || exit 73
mkdir -p -- "$state_dir/secrets/pending" "$run_dir/secrets/pending" || exit 73
if [ -d "$received/disk" ]; then
  # To another file system: complete before it has its name.
  mv -- "$received/disk" "$state_dir/secrets/pending/$secrets_id" || exit 73
fi
if [ -d "$received/memory" ]; then
  mv -- "$received/memory" "$run_dir/secrets/pending/$secrets_id" || exit 73
fi
sync -f "$state_dir" || exit 73
