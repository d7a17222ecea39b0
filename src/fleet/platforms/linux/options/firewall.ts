/** `networking.firewall`: a stateful firewall in a table of its own. */

import type { OptionsOf } from "../../../../modules/definable.ts";
import type { ConfigOf } from "../../../../modules/define.ts";
import { defineModule, type ModuleArgs, mkIf, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import type { opensshOptions } from "./openssh.ts";
import { packageOption } from "./packages.ts";

const file = import.meta.url;

const flag = (value: boolean, description: string) => option({ type: t.bool, default: value, description });
const rules = (what: string) =>
  option({
    type: t.lines,
    default: "",
    example: "ip saddr 192.0.2.0/24 tcp dport 9100 accept",
    description: `Rules of nft(8), one a line, ${what}.`,
  });

/** The kernel's limit is 15 bytes (IFNAMSIZ); nft takes `*` at the end for any. */
export const interfaceName = t.strMatching('[^[:space:]"\\\\/*]{1,15}[*]?');

const ports = (protocol: string) =>
  option({
    type: t.listOf(t.port),
    default: [],
    description: `${protocol} ports on which connections are accepted.`,
  });
const portRanges = (protocol: string) =>
  option({
    type: t.listOf(t.attrsOf(t.port)),
    default: [],
    example: [{ from: 8999, to: 9003 }],
    description: `Ranges of such ${protocol} ports: \`from\` and \`to\`.`,
  });

const openPorts = {
  allowedTCPPorts: ports("TCP"),
  allowedTCPPortRanges: portRanges("TCP"),
  allowedUDPPorts: ports("UDP"),
  allowedUDPPortRanges: portRanges("UDP"),
} as const;

const options = {
  networking: {
    firewall: {
      enable: flag(
        false,
        "Whether packets that nobody asked for are dropped. Off as long as nobody says otherwise, unlike on NixOS: a guest does not close what was open. " +
          "The rules are in tables of their own, beside those that the machine has; both count. Forwarded packets are left alone unless `filterForward` is set.",
      ),
      package: packageOption("nftables", "the program nft"),
      ...openPorts,
      interfaces: option({
        type: t.attrsOf(t.submodule({ file, options: openPorts })),
        default: {},
        example: { eth0: { allowedTCPPorts: [80] } },
        description: "Ports that are open on one interface only.",
      }),
      trustedInterfaces: option({
        type: t.listOf(interfaceName),
        default: [],
        example: ["wg0"],
        description: "Interfaces from which everything is accepted, as it is from `lo`.",
      }),
      allowPing: flag(true, "Whether pings by IPv4 are answered. Those by IPv6 always are."),
      pingLimit: option({
        type: t.nullOr(t.separatedString(" ")),
        default: null,
        example: "2/second burst 5 packets",
        description: "How many of them are, as a rate of nft(8).",
      }),
      rejectPackets: flag(
        false,
        "Whether a refused packet is answered with an error; otherwise it is dropped.",
      ),
      logRefusedConnections: flag(true, "Whether refused TCP connections are in the kernel's log."),
      logRefusedPackets: flag(false, "Whether all refused packets are in the kernel's log."),
      logRefusedUnicastsOnly: flag(true, "Whether those to many machines are left out of that."),
      checkReversePath: option({
        type: t.either(t.bool, t.enum(["strict", "loose"])),
        default: false,
        description:
          'Whether a packet is dropped when an answer would not leave by the interface that it came in by (`true`, `"strict"`), or by none (`"loose"`). ' +
          "Off as long as nobody says otherwise, unlike on NixOS.",
      }),
      logReversePathDrops: flag(false, "Whether those are in the kernel's log."),
      filterForward: flag(
        false,
        "Whether forwarded packets are dropped, but for forwarded ports, what `networking.nat` translates and `extraForwardRules` accept.",
      ),
      extraInputRules: rules("for new connections that no other option accepts"),
      extraForwardRules: rules("for new connections that are forwarded, with `filterForward`"),
      extraReversePathFilterRules: rules("for packets that `checkReversePath` would drop"),
    },
  },
} as const;

type Config = ConfigOf<typeof options & OptionsOf<typeof opensshOptions>>;

export const firewallOptions = defineModule({
  file,
  options,
  config: ({ config }: ModuleArgs<Config>) => ({
    networking: {
      firewall: {
        allowedTCPPorts: mkIf(
          () => config.services.openssh.enable && config.services.openssh.openFirewall,
          () => (config.services.openssh.ports.length > 0 ? config.services.openssh.ports : [22]),
        ),
      },
    },
    environment: {
      systemPackages: mkIf(
        () => config.networking.firewall.enable && config.networking.firewall.package !== null,
        () => [config.networking.firewall.package],
      ),
    },
  }),
});
