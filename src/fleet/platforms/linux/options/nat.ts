/** `networking.nat`: address translation for machines behind this one. */
import type { OptionsOf } from "../../../../modules/definable.ts";
import {
  type ConfigOf,
  defineModule,
  type ModuleArgs,
  mkIf,
  mkOverride,
  option,
} from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import { ipv4Address, ipv6Address } from "../../../address-types.ts";
import { type firewallOptions, interfaceName } from "./firewall.ts";

const file = import.meta.url;

const forwarding = {
  sourcePort: option({
    type: t.either(t.port, t.strMatching("[0-9]+:[0-9]+")),
    example: 8080,
    description: 'Port of the external interface; a range is a string with a colon, `"60000:61000"`.',
  }),
  destination: option({
    type: t.str,
    example: "10.0.0.1:80",
    description:
      "`ADDRESS:PORT` that it is forwarded to; `[ADDRESS]:PORT` with IPv6, `ADDRESS:FIRST-LAST` of a range.",
  }),
  proto: option({ type: t.enum(["tcp", "udp"]), default: "tcp", description: "The protocol." }),
  loopbackIPs: option({
    type: t.listOf(t.str),
    default: [],
    example: ["192.0.2.1"],
    description: "External addresses at which this machine and those behind it find the port as well.",
  }),
} as const;

const addresses = (example: string, description: string) =>
  option({ type: t.listOf(t.str), default: [], example: [example], description });

const options = {
  networking: {
    nat: {
      enable: option({
        type: t.bool,
        default: false,
        description:
          "Whether packets of machines behind this one leave with its address. Makes it forward packets (`boot.kernel.sysctl`).",
      }),
      enableIPv6: option({
        type: t.bool,
        default: false,
        description: "Whether IPv6 is translated as well.",
      }),
      internalInterfaces: option({
        type: t.listOf(interfaceName),
        default: [],
        example: ["eth0"],
        description: "Interfaces whose packets are translated.",
      }),
      internalIPs: addresses(
        "192.168.1.0/24",
        "Addresses and subnets whose packets are translated, from any interface.",
      ),
      internalIPv6s: addresses("fc00::/64", "The same for IPv6."),
      externalInterface: option({
        type: t.nullOr(interfaceName),
        default: null,
        example: "eth1",
        description: "The interface by which they leave; null: any.",
      }),
      externalIP: option({
        type: t.nullOr(ipv4Address),
        default: null,
        example: "203.0.113.123",
        description: "The address that they leave with; null: that of the interface.",
      }),
      externalIPv6: option({
        type: t.nullOr(ipv6Address),
        default: null,
        example: "2001:dc0:2001:11::175",
        description: "The same for IPv6.",
      }),
      forwardPorts: option({
        type: t.listOf(t.submodule({ file, options: forwarding })),
        default: [],
        example: [{ sourcePort: 8080, destination: "10.0.0.1:80" }],
        description: "Ports of the external interface that lead to machines behind this one.",
      }),
      dmzHost: option({
        type: t.nullOr(ipv4Address),
        default: null,
        example: "10.0.0.1",
        description: "The machine that all else leads to that comes in by the external interface.",
      }),
    },
  },
} as const;

type Config = ConfigOf<typeof options & OptionsOf<typeof firewallOptions>>;

/** NixOS's priority: before what people define, after what they force. */
const asRouter = (value: boolean | number) => mkOverride(99, value);

export const natOptions = defineModule({
  file,
  options,
  config: ({ config }: ModuleArgs<Config>) => ({
    assertions: mkIf(
      () => config.networking.nat.enable,
      () =>
        (["forwardPorts", "dmzHost"] as const).map((name) => ({
          assertion: () => {
            const { externalInterface, [name]: value } = config.networking.nat;
            return (
              externalInterface !== null || value === null || (Array.isArray(value) && value.length === 0)
            );
          },
          message: `networking.nat.${name} requires networking.nat.externalInterface`,
        })),
    ),
    boot: {
      kernel: {
        sysctl: mkIf(
          () => config.networking.nat.enable,
          () => ({
            "net.ipv4.conf.all.forwarding": asRouter(true),
            "net.ipv4.conf.default.forwarding": asRouter(true),
            ...(config.networking.nat.enableIPv6 ? ipv6Router(config.networking.nat.externalInterface) : {}),
          }),
        ),
      },
    },
    environment: {
      systemPackages: mkIf(
        () => config.networking.nat.enable && config.networking.firewall.package !== null,
        () => [config.networking.firewall.package],
      ),
    },
  }),
});

/** A router that is told its own route by others goes on listening to them (accept_ra, ip-sysctl of the kernel). */
function ipv6Router(externalInterface: string | null) {
  const interfaces = ["all", "default", ...(externalInterface === null ? [] : [externalInterface])];
  return Object.fromEntries([
    ...["all", "default"].map((name) => [`net.ipv6.conf.${name}.forwarding`, asRouter(true)]),
    ...interfaces.map((name) => [`net.ipv6.conf.${name.replaceAll(".", "/")}.accept_ra`, asRouter(2)]),
  ]);
}
