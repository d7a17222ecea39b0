# shellcheck shell=sh
# Puts zones where the server of this machine reads them, with their serials. What it was given as a zone has the serial
# 0, and is the same text as long as the network says the same. Read into the unit nixus-dns-zones (../servers.ts).
#
# $zones_state/ZONE is the zone as it was published last, with the serial that it had then. It is replaced as a whole,
# and before the server can see the new one: a serial that was ever answered is never given to other contents, whatever
# moment the power is cut at. It outlives generations, so going back to an older zone is a change like any other.

zones_state=/var/lib/nixus/dns
zones_status=0
zones_changed=
zones_tab=$(printf '\t')

# with_serial FILE SERIAL: the zone with that serial.
with_serial() {
  sed "s/^$zones_tab${zones_tab}0$zones_tab; serial: 0 here.*/$zones_tab$zones_tab$2$zones_tab; serial/" <"$1"
}

# The serial of a published zone: in $serial.
read_serial() {
  serial=$(sed -n "s/^$zones_tab$zones_tab\([0-9][0-9]*\)$zones_tab; serial\$/\1/p" <"$1")
  case $serial in '' | *[!0-9]*) return 1 ;; esac
}

# The date with how much of the day has passed behind it, 2026112649 at noon (UTC): in $today. So a primary that knows
# nothing of the zone, since another machine was its primary, does not go back. (865: a leap second is no hundredth.)
read_date() {
  rd_now=$(date -u '+%Y%m%d %H %M %S')
  rd_date=${rd_now%% *} rd_time=${rd_now#* }
  rd_hour=${rd_time%% *} rd_rest=${rd_time#* }
  rd_minute=${rd_rest% *} rd_second=${rd_rest#* }
  rd_passed=$((${rd_hour#0} * 3600 + ${rd_minute#0} * 60 + ${rd_second#0}))
  today=$((rd_date * 100 + rd_passed / 865))
}

# next_serial LAST TODAY: greater than the last one as serials are compared (RFC 1982: 32 bits, up to 2^31-1 ahead):
# today's, or one more. In $serial; never 0.
next_serial() {
  ns_ahead=$((($2 - $1) & 4294967295))
  if [ $ns_ahead -gt 0 ] && [ $ns_ahead -lt 2147483648 ]; then
    serial=$2
  else
    serial=$((($1 + 1) & 4294967295))
  fi
  if [ "$serial" = 0 ]; then serial=1; fi
}

same_text() { [ "$(cat -- "$1")" = "$(cat -- "$2")" ]; }

# put FILE PLACE: all or nothing, and on disk before it is there.
put() {
  cat -- "$1" >"$2~" && chmod 0644 "$2~" && sync -- "$2~" && mv -T -- "$2~" "$2" && sync -- "${2%/*}"
}

# Whether the server's own tools, where they are, take the zone.
check_zone() {
  for cz_tool in named-checkzone nsd-checkzone; do
    command -v $cz_tool >/dev/null || continue
    if cz_answer=$($cz_tool "$1" "$2" 2>&1); then return 0; fi
    printf 'the zone %s is refused by %s, and the one before stays:\n%s\n' "$1" $cz_tool "$cz_answer" >&2
    return 1
  done
}

# publish ZONE SOURCE PLACE
publish() {
  if publish_zone "$@"; then return 0; fi
  printf 'the zone %s could not be published\n' "$1" >&2
  zones_status=1
}

publish_zone() {
  pz_served=$zones_state/$1
  mkdir -p -- "$zones_state" "${3%/*}" || return 1
  if [ -e "$pz_served" ] && read_serial "$pz_served"; then
    with_serial "$2" "$serial" >"$zones_state/new~" || return 1
    if ! same_text "$zones_state/new~" "$pz_served"; then
      read_date
      next_serial "$serial" "$today"
      with_serial "$2" "$serial" >"$zones_state/new~" || return 1
      check_zone "$1" "$zones_state/new~" && put "$zones_state/new~" "$pz_served" || return 1
      printf 'the zone %s has the serial %s\n' "$1" "$serial"
    fi
  else
    read_date
    with_serial "$2" "$today" >"$zones_state/new~" || return 1
    check_zone "$1" "$zones_state/new~" && put "$zones_state/new~" "$pz_served" || return 1
    printf 'the zone %s is new and has the serial %s\n' "$1" "$today"
  fi
  rm -f -- "$zones_state/new~"
  if [ ! -e "$3" ] || ! same_text "$pz_served" "$3"; then
    put "$pz_served" "$3" || return 1
    zones_changed=1
  fi
}

# finish SERVICE: a server that runs reads what has changed; one that is started later reads it anyway.
finish() {
  if [ -n "$zones_changed" ] && systemctl is-active --quiet "$1"; then
    systemctl kill --kill-who=main -s HUP "$1" || zones_status=1
  fi
  exit $zones_status
}
