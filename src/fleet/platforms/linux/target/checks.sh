# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154  # the variables of common.sh, the fields of the manifest
# What must hold before anything is changed. Nothing here changes the machine.

check_activation_script() {
  [ -e "$system/bin/activate" ] || return 0
  if ! command -v bash >/dev/null; then
    problem 'activation scripts need bash, which this machine does not have'
    return 1
  fi
  bash -n "$system/bin/activate"
}

# What the system's own options ask for (system.preSwitchChecks).
check_own() {
  [ -e "$system/bin/check" ] || return 0
  if ! command -v bash >/dev/null; then
    problem 'system.preSwitchChecks need bash, which this machine does not have'
    return 1
  fi
  "$system/bin/check" "$system" "$action" </dev/null 9>&-
}

# Another program that configures interfaces would fight with networkd over them.
check_network() {
  read_setting network
  [ -n "$setting" ] || return 0
  for cn_unit in NetworkManager.service connman.service wickedd.service dhcpcd.service; do
    if systemctl is-active --quiet $cn_unit 9>&-; then
      problem "$cn_unit manages this machine's network; systemd.network.networks would be a second manager beside it. Leave them out, or move the machine to systemd-networkd first"
      return 1
    fi
  done
  if systemctl is-active --quiet networking.service 9>&- && ifupdown_interfaces; then
    problem "networking.service (ifupdown) manages the interfaces:$interfaces; systemd.network.networks would be a second manager beside it. Leave them out, or move the machine to systemd-networkd first"
    return 1
  fi
  if [ "$(systemctl show -p LoadState --value systemd-networkd.service 9>&-)" != loaded ]; then
    problem 'systemd.network.networks needs systemd-networkd, which this machine does not have (or has masked)'
    return 1
  fi
}

# nft reads the whole file and asks the kernel, without changing anything.
check_firewall() {
  read_setting nftables
  [ -n "$setting" ] || return 0
  if ! command -v nft >/dev/null; then
    problem 'networking.firewall and networking.nat need nft, which this machine does not have; install nftables'
    return 1
  fi
  if ! cf_answer=$(nft -c -f "$setting" 2>&1 9>&-); then
    problem "nft refuses the rules of networking.firewall and networking.nat: $cf_answer"
    return 1
  fi
}

# The interfaces other than lo that /etc/network/interfaces configures: in $interfaces.
ifupdown_interfaces() {
  interfaces=
  for ii_file in /etc/network/interfaces /etc/network/interfaces.d/*; do
    [ -f "$ii_file" ] || continue
    while read -r ii_keyword ii_name ii_rest || [ -n "$ii_keyword" ]; do
      if [ "$ii_keyword" = iface ] && [ "$ii_name" != lo ]; then interfaces="$interfaces $ii_name"; fi
    done <"$ii_file"
  done
  [ -n "$interfaces" ]
}

# Runs sshd with the directory $1 in the place of /etc/ssh, in a mount namespace of its own.
sshd_with() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare -m sh -c '
    mount --make-rprivate / && mount --bind /etc/ssh "$1/real" && mount --bind "$1/etc" /etc/ssh || exit 125
    shift
    exec sshd "$@"' sh "$@" 2>&1 9>&-
}

# A copy of the configuration of sshd as it was found, before any system of ours: in $work/sshd/etc. Keys stay
# where they are and are linked to.
copy_found_sshd_config() {
  mkdir -p "$work/sshd/etc" "$work/sshd/real" || return 1
  for cs_entry in /etc/ssh/* ; do
    cs_name=${cs_entry##*/}
    case $cs_name in
      sshd_config | sshd_config.d) cp -a -- "$cs_entry" "$work/sshd/etc/$cs_name" || return 1 ;;
      \*) ;;
      *) ln -s -- "$work/sshd/real/$cs_name" "$work/sshd/etc/$cs_name" || return 1 ;;
    esac
  done
  journal=$state/originals
  for record in "$journal"/saved/etc%ssh%sshd_config* "$journal"/absent/etc%ssh%sshd_config*; do
    exists "$record" || continue
    path_of "${record##*/}"
    cs_place=$work/sshd/etc/${path#/etc/ssh/}
    rm -f -- "$cs_place" || return 1
    case $record in "$journal"/saved/*) cp -a -T -- "$record" "$cs_place" || return 1 ;; esac
  done
}

add_new_sshd_config() {
  while read -r kind path mode user group source; do
    case $path in
      /etc/ssh/sshd_config | /etc/ssh/sshd_config.d/*)
        cs_place=$work/sshd/etc/${path#/etc/ssh/}
        mkdir -p -- "${cs_place%/*}" && rm -f -- "$cs_place" || return 1
        [ "$kind" = absent ] || cp -- "$source" "$cs_place" || return 1
        ;;
    esac
  done <"$work/files"
}

# The files that sshd reads keys from, as `sshd -T` says: in $key_files.
read_key_files() {
  key_files=
  rk_answer=$(sshd_with "$work/sshd" -T) || return 1
  while read -r rk_keyword rk_rest; do
    if [ "$rk_keyword" = authorizedkeysfile ]; then key_files=$rk_rest; fi
  done <<END
$rk_answer
END
}

# sshd must accept the new configuration, and must go on reading the keys that let people in today.
check_sshd() {
  read_setting sshd
  [ -n "$setting" ] || return 0
  if ! command -v sshd >/dev/null; then
    problem 'the system configures sshd, which this machine does not have; install openssh-server'
    return 1
  fi
  if ! unshare -m true 2>/dev/null; then
    warn 'sshd cannot be checked beforehand on this machine (no mount namespaces); it is checked before it is reloaded'
    return 0
  fi
  # Made by ssh.service, and missing while that does not run; sshd checks for it.
  cks_made=
  if [ ! -d /run/sshd ] && mkdir -m 0755 /run/sshd; then cks_made=1; fi
  compare_sshd_configs
  cks_status=$?
  [ -z "$cks_made" ] || rmdir /run/sshd
  return $cks_status
}

compare_sshd_configs() {
  copy_found_sshd_config || return 1
  found_files=
  if read_key_files; then found_files=$key_files; fi
  add_new_sshd_config || return 1
  if ! cc_answer=$(sshd_with "$work/sshd" -t); then
    problem "sshd would refuse the new configuration: $cc_answer"
    return 1
  fi
  if ! read_key_files; then
    problem "sshd would refuse the new configuration: $rk_answer"
    return 1
  fi
  # Allowed, since a node may say so (authorizedKeysInHomedir); whether the deployer is still let in is for the
  # confirmation to show.
  for cc_file in $found_files; do
    case " $key_files " in
      *" $cc_file "*) ;;
      *) [ "$cc_file" = none ] || warn "sshd will not read keys from $cc_file any more" ;;
    esac
  done
  if ! grep -q ' /etc/ssh/authorized_keys\.d/' "$work/files"; then return 0; fi
  case " $key_files " in
    *' /etc/ssh/authorized_keys.d/%u '*) ;;
    *)
      problem "sshd on this machine would not read /etc/ssh/authorized_keys.d/%u (AuthorizedKeysFile $key_files), where the keys of users.users go"
      return 1
      ;;
  esac
}

# A file of sudo's that it does not understand would keep everybody from becoming root.
check_sudo() {
  su_seen=
  while read -r kind path mode user group source; do
    case $path in
      /etc/sudoers) ;;
      /etc/sudoers.d/*) su_seen=$path ;;
      *) continue ;;
    esac
    [ "$kind" = copy ] || continue
    if ! command -v visudo >/dev/null; then
      problem "$path is for sudo, which this machine does not have; install it"
      return 1
    fi
    if ! su_answer=$(visudo -c -f "$source" 2>&1 9>&-); then
      problem "sudo would refuse the new $path: $su_answer"
      return 1
    fi
  done <"$work/files"
  if [ -n "$su_seen" ] && ! grep -q '^[@#]includedir[[:space:]]*/etc/sudoers\.d' /etc/sudoers; then
    problem "sudo on this machine does not read $su_seen: /etc/sudoers has no line '@includedir /etc/sudoers.d'"
    return 1
  fi
}
