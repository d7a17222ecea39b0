# shellcheck shell=sh
# Receives store objects over standard input, in Nix's export format. Sent over SSH after roots.sh, with `import_paths`
# (with spaces between) set to those that have to be there then.

nix-store --import >/dev/null || give_up 74
for store_path in $import_paths; do
  nix-store --check-validity "$store_path" || give_up 74
done
