/** The options below `dns`. */
import { type ConfigOf, option } from "../../../modules/define.ts";
import { t } from "../../../modules/types/index.ts";
import { namesOption } from "./record-options.ts";

const file = import.meta.url;

const seconds = (value: number, description: string) =>
  option({ type: t.ints.between(1, 0x7fffffff), default: value, description });

const soa = {
  email: option({
    type: t.nullOr(t.singleLineStr),
    default: null,
    example: "hostmaster@example.com",
    description: "Mail address of who is responsible for the zone.",
  }),
  primary: option({
    type: t.nullOr(t.str),
    default: null,
    defaultText: "the name of the primary node's server",
    description: "Name of the primary server (MNAME).",
  }),
  refresh: seconds(14_400, "Seconds after which secondaries ask whether the zone has changed."),
  retry: seconds(3600, "Seconds after which they ask again when the primary gave no answer."),
  expire: seconds(1_209_600, "Seconds after which they give the zone up."),
  minimum: seconds(3600, "Seconds for which the answer that there is no such record may be kept (RFC 2308)."),
};

const outsideSecondary = {
  address: option({ type: t.str, description: "Its IPv4 or IPv6 address." }),
  transferKey: option({
    type: t.nullOr(t.str),
    default: null,
    description:
      "The key of `dns.keys` that it has. null: the zone may be transferred to the address with no key.",
  }),
};

const zone = {
  primaryNode: option({
    type: t.nullOr(t.str),
    default: null,
    example: "ns1",
    description:
      "The node whose server has the zone from this network. null: the zone is served by nobody here.",
  }),
  secondaryNodes: option({
    type: t.listOf(t.str),
    default: [],
    example: ["ns2"],
    description: "Nodes whose servers have the zone from the primary.",
  }),
  transferKey: option({
    type: t.nullOr(t.str),
    default: null,
    example: "transfer",
    description: "The key of `dns.keys` with which the secondary nodes fetch the zone.",
  }),
  outsideSecondaries: option({
    type: t.attrsOf(t.submodule({ file, options: outsideSecondary })),
    default: {},
    description:
      "Secondary servers that are not of this network, under any names. Their NS records are yours to write.",
  }),
  soa,
  ttl: option({
    type: t.ints.between(0, 0x7fffffff),
    default: 3600,
    description: "Seconds for which records may be kept that say nothing else.",
  }),
  records: namesOption(
    "Records of the zone, by name as in a zone file: relative to the zone without a final dot, `@` for the zone itself. The same holds for names in the records.",
  ),
  serverRecords: option({
    type: t.bool,
    default: true,
    description: "Whether the servers of the primary and secondary nodes are among the zone's NS records.",
  }),
};

const server = {
  software: option({
    type: t.enum(["bind", "nsd"]),
    default: "bind",
    description:
      "The server program. Both are authoritative here; BIND answers recursive questions of the machine itself as well.",
  }),
  name: option({
    type: t.nullOr(t.str),
    default: null,
    example: "ns1.example.com.",
    description:
      "Name of the server, for NS records. Where it lies in a zone of the network and has no addresses there, it gets those of the server.",
  }),
  addresses: option({
    type: t.nullOr(t.listOf(t.str)),
    default: null,
    defaultText: "the node's public addresses",
    description: "IPv4 and IPv6 addresses by which the other servers reach it.",
  }),
  listenAddresses: option({
    type: t.listOf(t.str),
    default: [],
    example: ["192.0.2.53"],
    description: "Addresses of the machine that the server listens on. Empty: all.",
  }),
};

const key = {
  algorithm: option({
    type: t.enum(["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]),
    default: "hmac-sha256",
    description: "Algorithm of the key (RFC 8945).",
  }),
  secret: option({
    type: t.nullOr(t.str),
    default: null,
    example: "dns-transfer",
    description:
      "Name of a secret of the network, `secrets.<name>`, with the key in base64 and nothing else (`openssl rand -base64 32`). The nodes that need it are given it.",
  }),
  keyFile: option({
    type: t.nullOr(t.path),
    default: null,
    example: "/etc/nixus-transfer.key",
    description:
      "Instead of `secret`: path on the machines of a file with the key, the same on all servers of the zones; only root needs to read it.",
  }),
};

export const dnsOptions = {
  dns: {
    records: namesOption(
      'Records by name, each in the zone of `dns.zones` that the name lies in: `dns.records."www.example.com.".A = "192.0.2.1"`. Names are whole names; the final dot may be left out.',
    ),
    zones: option({
      type: t.attrsOf(t.submodule({ file, options: zone })),
      default: {},
      description:
        "Zones by name; a prefix (`192.0.2.0/24`, `2001:db8::/48`) stands for the reverse zone of its addresses.",
    }),
    servers: option({
      type: t.attrsOf(t.submodule({ file, options: server })),
      default: {},
      description: "By node: the name server that it is, when a zone names it as primary or secondary.",
    }),
    keys: option({
      type: t.attrsOf(t.submodule({ file, options: key })),
      default: {},
      description: "TSIG keys by name, with which servers know each other in transfers.",
    }),
    published: option({
      type: t.unspecified,
      readOnly: true,
      internal: true,
      description: "What the servers shall answer, as plain data.",
    }),
    zoneFiles: option({
      type: t.lazyAttrsOf(t.str),
      readOnly: true,
      description:
        "By zone, with the final dot: its zone file. The serial in it is 0, since the primary assigns it.",
    }),
    names: option({
      type: t.lazyAttrsOf(t.listOf(t.str)),
      readOnly: true,
      description:
        "By node: the names that lead to it, without the final dot. Computed from `node`, from addresses that are its public ones, from the name of its server, and from CNAMEs.",
    }),
  },
} as const;

export type DnsOptions = typeof dnsOptions;

/** The value of `dns`. */
export type DnsConfig = ConfigOf<DnsOptions>["dns"];
