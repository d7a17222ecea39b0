# shellcheck shell=sh
# What works on the machine, one fact a line, so that it can be said after a roll-back what no longer does.
# Read from /proc, since neither iproute2 nor a resolver need be there. Part of the switcher.

# Interfaces of containers and virtual machines come and go by themselves.
is_ephemeral_interface() {
  case $1 in
  lo | veth* | docker* | br-* | virbr* | vnet* | tap* | cni* | flannel* | cali* | podman*) return 0 ;;
  *) return 1 ;;
  esac
}

# Local IPv4 addresses, from the kernel's table of routes.
ipv4_addresses() {
  while IFS= read -r trie_line; do
    case $trie_line in
    *'|-- '*) trie_leaf=${trie_line##*'|-- '} ;;
    *'/32 host LOCAL'*)
      case $trie_leaf in 127.*) ;; *) printf 'address %s\n' "$trie_leaf" ;; esac
      ;;
    esac
  done 2>/dev/null </proc/net/fib_trie | sort -u
}

# Permanent IPv6 addresses of global scope: those that a router announces may take their time (IFA_F_PERMANENT is 0x80).
ipv6_addresses() {
  while read -r address _ _ scope flags interface; do
    [ "$scope" = 00 ] && [ $((0x$flags & 0x80)) -ne 0 ] || continue
    is_ephemeral_interface "$interface" || printf 'address %s\n' "$address"
  done 2>/dev/null </proc/net/if_inet6
}

# In the kernel's own notation: hexadecimal, as the processor orders bytes. A long table is that of a routing daemon,
# which fills it in its own time: only the default routes count then.
ipv4_routes() {
  table_length=$(head -n 201 /proc/net/route 2>/dev/null | wc -l)
  while read -r interface destination gateway _ _ _ _ mask _; do
    [ "$interface" != Iface ] || continue
    [ "$table_length" -le 200 ] || [ "$destination" = 00000000 ] || continue
    is_ephemeral_interface "$interface" || printf 'route %s %s %s %s\n' "$destination" "$mask" "$gateway" "$interface"
  done 2>/dev/null </proc/net/route
}

# Default routes that no router announced (RTF_ADDRCONF 0x40000, RTF_EXPIRES 0x400000).
ipv6_routes() {
  while read -r destination length _ _ gateway _ _ _ flags interface; do
    [ "$destination$length" = 0000000000000000000000000000000000 ] || continue
    [ "$gateway" != 00000000000000000000000000000000 ] && [ $((0x$flags & 0x440000)) -eq 0 ] || continue
    is_ephemeral_interface "$interface" || printf 'route %s %s %s %s\n' "$destination" "$length" "$gateway" "$interface"
  done 2>/dev/null </proc/net/ipv6_route
}

# dotted HEX: an IPv4 address of /proc/net/route on a little-endian processor.
dotted() {
  dotted_rest=$1
  dotted_text=
  while [ -n "$dotted_rest" ]; do
    dotted_text=$dotted_text.$((0x${dotted_rest#"${dotted_rest%??}"}))
    dotted_rest=${dotted_rest%??}
  done
  printf '%s\n' "${dotted_text#.}"
}

# The default gateway, when it answers. Nothing is known of it where there is no ping.
gateway_reachable() {
  command -v ping >/dev/null || return 0
  while read -r interface destination gateway _; do
    [ "$destination" = 00000000 ] && [ "$gateway" != 00000000 ] || continue
    gateway=$(dotted "$gateway")
    if ping -n -c 1 -W 2 "$gateway" >/dev/null 2>&1 </dev/null; then printf 'gateway %s\n' "$gateway"; fi
  done 2>/dev/null </proc/net/route
}

# sshd, at the address and port that the deployer reached: it answers, or where that can't be asked, it listens.
sshd_answers() {
  [ -n "$ssh_address" ] && [ -n "$ssh_port" ] || return 0
  if command -v ssh-keyscan >/dev/null; then
    # One connection for each kind of key, and as few as possible: sshd keeps out those who often call and never log in
    # (PerSourcePenalties in sshd_config(5)).
    for key_type in ed25519 ecdsa rsa; do
      if [ -n "$(ssh-keyscan -T 3 -t "$key_type" -p "$ssh_port" "$ssh_address" 2>/dev/null </dev/null)" ]; then
        printf 'sshd %s port %s\n' "$ssh_address" "$ssh_port"
        return 0
      fi
    done
    return 0
  fi
  listening=$(printf ':%04X ' "$ssh_port")
  for table in /proc/net/tcp /proc/net/tcp6; do
    # sl local_address rem_address st ...: 0A is TCP_LISTEN.
    while read -r _ local_address _ connection_state _; do
      case "$connection_state $local_address " in
      "0A "*"$listening")
        printf 'sshd %s port %s\n' "$ssh_address" "$ssh_port"
        return 0
        ;;
      esac
    done 2>/dev/null <"$table"
  done
}

# Rules of the chains that packets for this machine come through first, one a line. Nothing is known of them where nobody
# can list them. What is behind them (sets, chains that they jump to, NAT) changes by itself.
firewall_facts() {
  firewall_table=
  firewall_chain=
  firewall_listed=
  timeout 10 nft --stateless --terse list ruleset 2>/dev/null </dev/null | while read -r firewall_line; do
    case $firewall_line in
    table\ *) firewall_table=${firewall_line% \{} ;;
    chain\ *) firewall_chain=${firewall_line% \{} ;;
    type\ filter\ hook\ input\ * | type\ filter\ hook\ prerouting\ * | type\ filter\ hook\ ingress\ *)
      firewall_listed=1
      ;;
    \})
      firewall_listed=
      continue
      ;;
    esac
    [ -z "$firewall_listed" ] || printf 'firewall %s %s: %s\n' "$firewall_table" "$firewall_chain" "$firewall_line"
  done
  for firewall_family in iptables ip6tables; do
    timeout 10 "$firewall_family-save" -t filter 2>/dev/null </dev/null | while read -r firewall_line; do
      case $firewall_line in
      ':INPUT '*) printf 'firewall %s %s\n' "$firewall_family" "${firewall_line% \[*}" ;;
      '-A INPUT '*) printf 'firewall %s %s\n' "$firewall_family" "$firewall_line" ;;
      esac
    done
  done
}

# units STATE: names of units in that state, without our own and those of logins.
units() {
  timeout 10 systemctl list-units --plain --no-legend --no-pager --full --state="$1" \
    --type=service,socket,mount,timer,path 2>/dev/null </dev/null | while read -r unit _; do
    case $unit in nixus-* | user@* | user-runtime-dir@*) ;; *) printf '%s\n' "$unit" ;; esac
  done
}

network_facts() {
  ipv4_addresses
  ipv6_addresses
  ipv4_routes
  ipv6_routes
  gateway_reachable
  sshd_answers
}

# unit_facts STATE
unit_facts() {
  units "$1" | while read -r unit; do printf 'unit %s\n' "$unit"; done
}

# Those that systemd starts again and again do not count as failed to it.
not_running() {
  unit_facts failed
  unit_facts auto-restart
}

# take_snapshot FILE
take_snapshot() {
  network_facts | sort -u >"$1.network"
  unit_facts active | sort -u >"$1.units"
  not_running | sort -u >"$1.failed"
  firewall_facts | sort -u >"$1.firewall"
}

# firewall_since FILE: rules that have come or gone since the snapshot.
firewall_since() {
  firewall_facts | sort -u | comm -3 "$1.firewall" - | tr -d '\t'
}

# failed_since FILE: units that were active in the snapshot and have failed, as facts.
failed_since() {
  unit_facts failed | sort -u | comm -12 "$1.units" -
}

# inactive_since FILE: units that were active in the snapshot and are not, as facts.
inactive_since() {
  unit_facts active | sort -u | comm -23 "$1.units" -
}

# unit_names: of facts about units on standard input, in one line.
unit_names() {
  unit_names_found=
  while read -r _ unit; do unit_names_found="$unit_names_found $unit"; done
  printf '%s\n' "${unit_names_found# }"
}

# newly_failed FILE: names of units that have failed, or keep failing, and had not at the time of the snapshot.
newly_failed() {
  not_running | sort -u | comm -13 "$1.failed" - | unit_names
}

failed_units_now() {
  not_running | sort -u | unit_names
}

# lost_since FILE: what worked in the snapshot and does not now, one fact a line.
lost_since() {
  network_facts | sort -u | comm -23 "$1.network" -
  failed_since "$1"
}

# unit_journal UNIT...: the last lines of each unit's journal.
unit_journal() {
  for journal_unit in "$@"; do
    timeout 10 journalctl --quiet --no-pager --no-hostname --boot --lines=10 --unit="$journal_unit" </dev/null
  done
}
