/** `networking.*` and `systemd.network.*`. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

const file = import.meta.url;

const scalar = t.oneOf([t.bool, t.int, t.str]);
const section = t.attrsOf(t.nullOr(t.either(scalar, t.listOf(scalar))));
const sectionOption = (name: string) =>
  option({
    type: section,
    default: {},
    description: `Lines of the \`[${name}]\` section (systemd.network(5)).`,
  });
const sectionList = (name: string) =>
  option({
    type: t.listOf(section),
    default: [],
    description: `\`[${name}]\` sections (systemd.network(5)).`,
  });
const strings = (description: string) => option({ type: t.listOf(t.str), default: [], description });

const network = defineModule({
  file,
  options: {
    enable: option({ type: t.bool, default: true, description: "`false`: as if it were not defined." }),
    matchConfig: sectionOption("Match"),
    linkConfig: sectionOption("Link"),
    networkConfig: sectionOption("Network"),
    dhcpV4Config: sectionOption("DHCPv4"),
    dhcpV6Config: sectionOption("DHCPv6"),
    addresses: sectionList("Address"),
    routes: sectionList("Route"),
    routingPolicyRules: sectionList("RoutingPolicyRule"),
    name: option({
      type: t.nullOr(t.str),
      default: null,
      description: "Name of the interface that it is for.",
    }),
    DHCP: option({
      type: t.nullOr(t.enum(["yes", "no", "ipv4", "ipv6"])),
      default: null,
      description: "Whether addresses come from DHCP.",
    }),
    address: strings("Addresses with prefix length."),
    gateway: strings("Default gateways."),
    dns: strings("Name servers."),
    ntp: strings("Time servers."),
    domains: option({
      type: t.nullOr(t.listOf(t.str)),
      default: null,
      description: "Search domains.",
    }),
    bridge: strings("Bridges that the interface joins."),
    bond: strings("Bonds that the interface joins."),
    vlan: strings("VLANs on top of the interface."),
    macvlan: strings("macvlan interfaces on top of the interface."),
    extraConfig: option({ type: t.lines, default: "", description: "Text put at the end of the file." }),
  },
});

const netdev = defineModule({
  file,
  options: {
    enable: option({ type: t.bool, default: true, description: "`false`: as if it were not defined." }),
    netdevConfig: sectionOption("NetDev"),
    vlanConfig: sectionOption("VLAN"),
    bridgeConfig: sectionOption("Bridge"),
    bondConfig: sectionOption("Bond"),
    extraConfig: option({ type: t.lines, default: "", description: "Text put at the end of the file." }),
  },
});

export const networkingOptions = defineModule({
  file,
  options: {
    networking: {
      hostName: option({
        type: t.nullOr(t.strMatching("[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?")),
        default: null,
        description: "Name of the machine; null leaves it as it is.",
      }),
      hosts: option({
        type: t.attrsOf(t.listOf(t.str)),
        default: {},
        example: { "192.0.2.1": ["router", "router.example.com"] },
        description: "Names by address, added to the machine's /etc/hosts.",
      }),
      extraHosts: option({
        type: t.lines,
        default: "",
        description: "Lines added to the machine's /etc/hosts.",
      }),
    },
    systemd: {
      network: {
        networks: option({
          type: t.attrsOf(t.submodule(network)),
          default: {},
          description:
            "Networks of systemd-networkd. An error where another network manager is active on the machine.",
        }),
        netdevs: option({
          type: t.attrsOf(t.submodule(netdev)),
          default: {},
          description: "Virtual devices of systemd-networkd.",
        }),
      },
    },
  },
});
