# shellcheck shell=sh
# Ends what has lost its deployer. A connection may be gone without a word (another network, a laptop that was closed):
# sshd learns of it after hours, and as long Nix keeps what was on its way locked. But ssh says every few seconds that it is
# there. Sent over SSH with `connection_silence` set: seconds without a word after which it is gone, or empty.

# serving_sshd: the process of sshd that reads from this connection: the nearest one above us.
serving_sshd() {
  ancestor=$$
  while [ "$ancestor" -gt 1 ]; do
    { IFS= read -r ancestor_stat <"/proc/$ancestor/stat"; } 2>/dev/null || return 1
    case $ancestor_stat in
    *'(sshd'*)
      printf '%s\n' "$ancestor"
      return 0
      ;;
    esac
    # Its parent is the second field behind the name, which may contain anything.
    ancestor=${ancestor_stat##*) }
    ancestor=${ancestor#* }
    ancestor=${ancestor%% *}
  done
  return 1
}

# bytes_read PID: empty for who may not know (proc(5), rchar of io).
bytes_read() {
  while read -r io_key io_value; do
    [ "$io_key" != rchar: ] || printf '%s\n' "$io_value"
  done 2>/dev/null <"/proc/$1/io"
}

# end_with_connection: ends this process, whatever it has become by then, when its connection is gone.
end_with_connection() {
  [ -n "$connection_silence" ] && sshd_pid=$(serving_sshd) && bytes_before=$(bytes_read "$sshd_pid") &&
    [ -n "$bytes_before" ] || return 0
  (
    silence_step=$((connection_silence / 8 + 1))
    silence=0
    while sleep "$silence_step" && kill -0 $$; do
      bytes_now=$(bytes_read "$sshd_pid")
      if [ "$bytes_now" = "$bytes_before" ]; then silence=$((silence + silence_step)); else silence=0; fi
      bytes_before=$bytes_now
      if [ "$silence" -gt $((connection_silence * 2)) ]; then kill -s KILL $$; fi
      if [ "$silence" -ge "$connection_silence" ]; then kill $$; fi
    done
  ) </dev/null >/dev/null 2>&1 &
}
