# shellcheck shell=sh
# Says what the running system and the one at `next_system` say of a switch from one to the other. Sent over SSH after
# common.sh; changes nothing. Output: KEY=VALUE lines between `nixus-live-switch=1` and `end=`; a key for each line of
# a file that has several.

# tell_file KEY FILE
tell_file() {
  [ -r "$2" ] || return 0
  head -c 262144 "$2" | while IFS= read -r told_line || [ -n "$told_line" ]; do
    printf '%s=%s\n' "$1" "$told_line"
  done
}

printf '\nnixus-live-switch=1\n'
if [ -x "$root$next_system/bin/switch-to-configuration" ]; then echo switchable=1; else echo switchable=0; fi
tell_file runningInterface "$current_system/init-interface-version"
tell_file nextInterface "$root$next_system/init-interface-version"
tell_file runningInhibitor "$current_system/switch-inhibitors"
tell_file nextInhibitor "$root$next_system/switch-inhibitors"
echo end=
