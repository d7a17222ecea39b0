#!/usr/bin/env bash
# stay-awake MACHINE [MINUTES]: asks the page on this machine to keep another one awake; 0 minutes: it may sleep again.
# Which port that is stands in /etc/nixus/rtcwake.
set -eu
usage="usage: $0 MACHINE [MINUTES]"
machine=${1:?"$usage"}
minutes=${2:-60}
read -r port </etc/nixus/rtcwake
form=minutes=$minutes
exec 3<>"/dev/tcp/localhost/$port"
printf 'POST /machines/%s HTTP/1.0\r\nContent-Length: %s\r\n\r\n%s' "$machine" "${#form}" "$form" >&3
response=$(cat <&3)
printf '%s\n' "${response##*$'\r\n\r\n'}"
case $response in 'HTTP/1.0 303 '*) ;; *) exit 1 ;; esac
