# shellcheck shell=sh
# Receives store objects over standard input: their paths, one a line, an empty line, and they themselves in Nix's export
# format. Sent over SSH after roots.sh, with `import_count` set to how many have to be there then.

note_arriving "$roots_id" || give_up 73
imported=$(nix-store --import) || give_up 74
# All at once: starting nix-store takes longer than importing what is small.
# shellcheck disable=SC2086 # Split into paths on purpose.
set -- $imported
if [ $# != "$import_count" ]; then
  printf 'of %s store paths %s arrived\n' "$import_count" $# >&2
  give_up 74
fi
while [ $# -gt 0 ]; do
  checked=
  while [ $# -gt 0 ] && [ "${#checked}" -lt 50000 ]; do
    checked="$checked $1"
    shift
  done
  # shellcheck disable=SC2086 # Here too.
  nix-store --check-validity $checked || give_up 74
done
