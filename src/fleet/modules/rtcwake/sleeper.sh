# shellcheck shell=bash
# shellcheck disable=SC2154  # the variables are the environment of the service
# Lets the machine sleep, and asks the server whenever it has woken. In doubt it stays awake.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin:$PATH

# The answer of the server, a line after the empty one that ends the head. bash connects itself: nothing to install.
server_says() {
  # shellcheck disable=SC2016 # Expanded by the inner shell.
  timeout 20 bash -c '
    exec 3<>"/dev/tcp/$rtcwake_server/$rtcwake_port" || exit 1
    printf "GET /machines/%s HTTP/1.0\r\nHost: %s\r\n\r\n" "$rtcwake_machine" "$rtcwake_server" >&3
    read -r version status reason <&3 && [ "$status" = 200 ] || exit 1
    while read -r line <&3 && [ "${#line}" -gt 1 ]; do :; done
    cat <&3' 2>/dev/null
}

# Sessions of people, and not that of a login screen or of a user's own services. Fails when nobody is; says nobody_knows
# when that can't be told.
logged_in() {
  nobody_knows=
  if ! sessions=$(loginctl list-sessions --no-legend 2>/dev/null); then
    nobody_knows=1
    return 0
  fi
  while read -r session _; do
    case $(loginctl show-session "$session" -p Class --value </dev/null 2>/dev/null) in user*) return 0 ;; esac
  done <<<"$sessions"
  return 1
}

may_sleep() {
  if [ -z "$rtcwake_sleep_while_logged_in" ] && logged_in; then
    because=${nobody_knows:+'systemd-logind does not say whether '}'somebody is logged in'
  elif [ -n "$(systemctl list-units --no-legend --plain 'nixus-switch-*' 'nixus-packages-*')" ]; then
    because='it is being deployed'
  elif ! (condition) </dev/null; then
    because='of rtcwake.machines.<name>.condition'
  elif answer=$(server_says) && [ "$answer" = sleep ]; then
    return 0
  elif [ "$answer" = awake ]; then
    because='the server says so'
  else
    because='the server does not answer'
  fi
  return 1
}

was=
while :; do
  sleep "$rtcwake_awake_time"
  until may_sleep; do
    if [ "$because" != "$was" ]; then echo "staying awake: $because"; fi
    was=$because
    sleep "$rtcwake_retry_interval"
  done
  was=
  echo "sleeping for $rtcwake_interval seconds"
  rtcwake -m "$rtcwake_mode" -s "$rtcwake_interval" || echo "rtcwake failed"
done
