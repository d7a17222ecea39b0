# shellcheck shell=sh
# shellcheck disable=SC2154  # the variables of common.sh
# The name that the running kernel has, and the links by which people and Nix find the running system.

set_kernel_hostname() {
  if command -v hostname >/dev/null && hostname "$1" 2>/dev/null; then return 0; fi
  if printf '%s\n' "$1" 2>/dev/null >/proc/sys/kernel/hostname; then return 0; fi
  hostnamectl set-hostname --transient "$1" </dev/null 9>&-
}

# The name found is on disk before it changes, and comes back when no name is managed any more.
apply_hostname() {
  read_setting hostname
  ah_now=$(uname -n)
  ah_record=$state/originals/hostname
  if [ -n "$setting" ]; then
    if [ ! -e "$ah_record" ]; then
      write_file "$ah_record" "$ah_now" && sync -f "$state" || return 1
    fi
    if [ "$ah_now" = "$setting" ]; then return 0; fi
    say "setting the host name to $setting..."
    set_kernel_hostname "$setting"
  elif [ -e "$ah_record" ]; then
    read -r ah_found <"$ah_record"
    if [ "$ah_now" != "$ah_found" ]; then set_kernel_hostname "$ah_found" || return 1; fi
    rm -f -- "$ah_record"
  fi
}

# What the rules make holds data and stays. At boot systemd carries them out itself.
apply_tmpfiles() {
  read_setting tmpfiles
  [ -n "$setting" ] || return 0
  systemd-tmpfiles --create "$setting" </dev/null 9>&-
}

link_to() {
  rm -f -- "$2.nixus-new" && ln -s -- "$1" "$2.nixus-new" && mv -T -- "$2.nixus-new" "$2"
}

# The store's garbage collector keeps what these links lead to.
register_running_system() {
  case $system in "$state"/*) return 0 ;; esac
  link_to "$system" "$1" || return 1
  if [ -d /nix/var/nix/gcroots ]; then
    rr_root=/nix/var/nix/gcroots/nixus-${1##*/}
    [ "$(readlink "$rr_root")" = "$1" ] || link_to "$1" "$rr_root"
  fi
}
