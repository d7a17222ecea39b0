/**
 * A client that sends all it has for the internet through the VPN: routes of its own for everything that is not the
 * tunnel's (marked), as wg-quick(8) makes them.
 *
 * What reaches the machine by another way is answered by that way: otherwise nobody outside of the VPN could
 * log in any more, the deployer first of all.
 */
import { concatText, type StoreString, text } from "../../../modules/store-string.ts";
import type { View } from "../../../modules/view.ts";
import type { VpnNetwork } from "./network.ts";

/** Mark of the tunnel's own packets, and number of the routing table; "nx" in ASCII. */
export const tunnelMark = 0x6e78;

const preferences = { main: 31000, tunnel: 31001 } as const;

type Text = string | StoreString;

interface Commands {
  readonly up: Text;
  readonly down: Text;
}

export function gatewayCommands(network: VpnNetwork, packages: View | undefined): Commands {
  const nft = packages === undefined ? "nft" : text`${packages["nftables"] as object}/bin/nft`;
  const families = network.subnets.map(({ version }) => `ip -${version}`);
  const remove = [
    ...families.flatMap((ip) => [
      `${ip} rule del pref ${preferences.tunnel} 2>/dev/null || true`,
      `${ip} rule del pref ${preferences.main} 2>/dev/null || true`,
      `${ip} route flush table ${tunnelMark} 2>/dev/null || true`,
    ]),
    text`${nft} delete table inet nixus_vpn 2>/dev/null || true`,
  ];
  return {
    up: concatText(
      [
        ...remove,
        text`${nft} -f - <<'END'
${answers(network.interface)}
END`,
        "echo 1 >/proc/sys/net/ipv4/conf/all/src_valid_mark",
        ...families.flatMap((ip) => [
          `${ip} route replace default dev ${network.interface} table ${tunnelMark}`,
          // What has a route of its own, other than the default one, goes there still.
          `${ip} rule add pref ${preferences.main} table main suppress_prefixlength 0`,
          `${ip} rule add pref ${preferences.tunnel} not fwmark ${tunnelMark} table ${tunnelMark}`,
        ]),
      ],
      "\n",
    ),
    down: concatText(remove, "\n"),
  };
}

function answers(name: string): string {
  return `table inet nixus_vpn {
  chain prerouting {
    type filter hook prerouting priority mangle;
    iifname != { "lo", "${name}" } fib daddr type local ct direction original ct mark set ${tunnelMark}
    ct mark ${tunnelMark} meta mark set ${tunnelMark}
  }
  chain output {
    type route hook output priority mangle;
    ct mark ${tunnelMark} meta mark set ${tunnelMark}
  }
  chain postrouting {
    type filter hook postrouting priority mangle;
    meta mark ${tunnelMark} ct mark set ${tunnelMark}
  }
}`;
}
