# shellcheck shell=bash
# shellcheck disable=SC2154  # the variables are the environment of the service
# Answers one HTTP request, which comes on standard input (systemd.socket(5), Accept=yes): whether a machine is wanted
# awake, a page that shows it, and a form that changes it. $STATE_DIRECTORY/NAME is the time (seconds since 1970) until
# which it is.

# respond STATUS TYPE BODY [HEADER]
respond() {
  printf 'HTTP/1.0 %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %s\r\nCache-Control: no-store\r\n%s\r\n%s' \
    "$1" "$2" "${#3}" "${4:-}" "$3"
  exit 0
}

fail() { respond "$1" text/plain "$2"$'\n'; }

is_machine() {
  case " $rtcwake_machines " in *" $1 "*) [ -n "$1" ] ;; *) return 1 ;; esac
}

# seconds_left MACHINE: for which it is wanted awake; 0 or less when it is not.
seconds_left() {
  until=0
  if [ -e "$STATE_DIRECTORY/$1" ]; then read -r until <"$STATE_DIRECTORY/$1"; fi
  left=$((until - $(date +%s)))
}

page() {
  rows=
  for name in $rtcwake_machines; do
    seconds_left "$name"
    if [ "$left" -gt 0 ]; then state="awake for $(((left + 59) / 60)) more minutes"; else state='may sleep'; fi
    rows+="<tr><th>$name</th><td>$state</td><td><form method=post action=/machines/$name>\
<button name=minutes value=60>awake for an hour</button> <button name=minutes value=480>for 8 hours</button> \
<button name=minutes value=0>may sleep</button></form></td></tr>"
  done
  respond '200 OK' text/html "<!doctype html><html lang=en><meta name=viewport content='width=device-width'>\
<title>Machines that sleep</title><h1>Machines that sleep</h1>\
<p>A machine that sleeps follows when it next wakes to ask.</p><table>$rows</table></html>"$'\n'
}

# want_awake MACHINE FORM: the form has `minutes=NUMBER`.
want_awake() {
  minutes=60
  case $2 in *minutes=*) minutes=${2##*minutes=} minutes=${minutes%%&*} ;; esac
  case $minutes in '' | *[!0-9]* | ???????*) fail '400 Bad Request' 'minutes must be a number' ;; esac
  if ! temporary=$(mktemp "$STATE_DIRECTORY/.new.XXXXXX") ||
    ! printf '%s\n' $(($(date +%s) + 10#$minutes * 60)) >"$temporary" ||
    ! mv -f -- "$temporary" "$STATE_DIRECTORY/$1"; then
    fail '500 Internal Server Error' 'the request could not be kept'
  fi
  respond '303 See Other' text/plain "$1 is wanted awake for $minutes minutes"$'\n' $'Location: /\r\n'
}

LC_ALL=C
read -r -t 10 method target _ || exit 0
length=0
while read -r -t 10 line; do
  line=${line%$'\r'}
  [ -n "$line" ] || break
  case ${line,,} in content-length:*) length=${line#*:} length=${length//[[:space:]]/} ;; esac
done
case $length in '' | *[!0-9]* | ?????*) fail '400 Bad Request' 'the request is too long' ;; esac
form=
if [ "$length" -gt 0 ]; then read -r -N "$length" -t 10 form || true; fi
case $target in *\?*) form="${target#*\?}&$form" target=${target%%\?*} ;; esac

case $target in
  /)
    [ "$method" = GET ] || fail '405 Method Not Allowed' 'GET it'
    page
    ;;
  /machines/*)
    machine=${target#/machines/}
    is_machine "$machine" || fail '404 Not Found' 'no such machine'
    case $method in
      GET)
        seconds_left "$machine"
        if [ "$left" -gt 0 ]; then respond '200 OK' text/plain $'awake\n'; fi
        respond '200 OK' text/plain $'sleep\n'
        ;;
      POST) want_awake "$machine" "$form" ;;
      *) fail '405 Method Not Allowed' 'GET it, or POST minutes' ;;
    esac
    ;;
  *) fail '404 Not Found' 'no such page' ;;
esac
