# shellcheck shell=sh
# The selector of the linux platform: its restorer puts the committed system into effect at each start, or the one that
# this mark names. It takes the mark away before it uses it. What boots besides is the distribution's.

restorer_mark=$state_dir/linux/once

restorer_check() {
  return 0
}

# The restorer is the new system's from here on: an older one may not know the mark.
restorer_set() {
  if [ ! -e "$root/var/lib/nixus/linux/restorer/bin/boot" ] || [ ! -r "$root$1/bin/restore" ]; then
    selector_problem="there is no restorer on the machine that could put $1 into effect"
    return 1
  fi
  printf '%s\n' "$1" | replace_synced "$restorer_mark" || {
    selector_problem="$restorer_mark could not be written"
    return 1
  }
}

restorer_clear() {
  rm -f "$restorer_mark" "$restorer_mark.new" && { [ ! -d "${restorer_mark%/*}" ] || sync "${restorer_mark%/*}"; }
}

# What it puts into effect otherwise is what the profile leads to, which the switcher itself sees to.
restorer_has_default() {
  return 0
}
