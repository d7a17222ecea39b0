# shellcheck shell=sh
# Receives secrets over standard input, as an archive (NAR) of two directories: `disk` and `memory`. Sent over SSH after
# common.sh and secrets.sh with `secrets_id` (the deployment's) and `secrets_count` set. They wait in a directory that
# only root can pass until the activation puts them into use.

umask 077
# In memory, until all of it is there. The names tell who receives, so that others know what was left.
received=$run_dir/secrets/receiving-$secrets_id:$$:$(start_time $$)
# On the disk, until all of it is there and written.
written=$state_dir/secrets/${received##*/}
trap 'rm -rf -- "${received:?}"; wipe_unwritten "${written:?}"' EXIT
for base in "$state_dir/secrets" "$run_dir/secrets"; do
  (umask 022 && mkdir -p -- "$base") && chmod 711 -- "$base" || exit 73
done
wipe_unreceived
wipe_abandoned
wipe_pending "$secrets_id"
# nix-store makes what everybody can read: in a directory that nobody else passes.
mkdir -- "$received" && nix-store --restore "$received/all" || exit 74
received_count=0
for file in "$received/all"/disk/* "$received/all"/memory/*; do
  if [ -f "$file" ] && [ ! -L "$file" ]; then received_count=$((received_count + 1)); fi
done
if [ "$received_count" != "$secrets_count" ]; then
  printf 'of %s secrets %s arrived\n' "$secrets_count" "$received_count" >&2
  exit 74
fi
chmod 700 -- "$received/all"/* && chmod 600 -- "$received/all"/*/* || exit 73
mkdir -p -- "$state_dir/secrets/pending" "$run_dir/secrets/pending" || exit 73
# Also when it stays empty: what is pending on the disk alone is from before a reboot.
mkdir -p -- "$received/all/memory" && mv -- "$received/all/memory" "$run_dir/secrets/pending/$secrets_id" || exit 73
if [ -d "$received/all/disk" ]; then
  # What is pending is taken by its name, so it has none before its content is on the disk.
  mkdir -- "$written" && mv -- "$received/all/disk" "$written/" && sync -f "$written" || exit 73
  mv -- "$written/disk" "$state_dir/secrets/pending/$secrets_id" || exit 73
fi
sync -f "$state_dir" || exit 73
