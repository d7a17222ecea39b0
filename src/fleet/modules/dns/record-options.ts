/** The options of one name, `dns.records.<name>`: its records by type, each in a short or a long form. */
import { type ConfigOf, option } from "../../../modules/define.ts";
import { t } from "../../../modules/types/index.ts";

const file = import.meta.url;

const ttlOption = (description: string) =>
  option({ type: t.nullOr(t.ints.between(0, 0x7fffffff)), default: null, example: 300, description });

const text = (description: string) => option({ type: t.nullOr(t.str), default: null, description });
const number = (most: number, description: string, value: number | null = null) =>
  option({ type: t.nullOr(t.ints.between(0, most)), default: value, description });

/** Left out fields are null: whoever reads the records says which, and of which name. */
const fields = {
  A: { address: text("The IPv4 address.") },
  AAAA: { address: text("The IPv6 address.") },
  NS: { target: text("Name of the server.") },
  CNAME: { target: text("The name that this one stands for.") },
  PTR: { target: text("The name of the address.") },
  TXT: { text: text("Any text; a long one is split into strings of 255 bytes.") },
  CAA: {
    flags: number(0xff, "128: who does not know the tag must not issue.", 0),
    tag: text("`issue`, `issuewild` or `iodef` (RFC 8659)."),
    value: text("E.g. the domain of the authority that may issue certificates."),
  },
  MX: {
    preference: number(0xffff, "The server with the lowest is tried first.", 10),
    exchange: text("Name of the mail server."),
  },
  SRV: {
    priority: number(0xffff, "The server with the lowest is tried first.", 0),
    weight: number(0xffff, "Share among the servers of the same priority.", 0),
    port: number(0xffff, "Port of the service."),
    target: text("Name of the server."),
  },
  TLSA: {
    usage: number(0xff, "Certificate usage (RFC 6698, section 2.1.1).", 3),
    selector: number(0xff, "1: the public key, 0: the whole certificate.", 1),
    matchingType: number(0xff, "0: the data itself, 1: its SHA-256, 2: its SHA-512.", 1),
    data: text("Hexadecimal digits."),
  },
  SSHFP: {
    algorithm: number(0xff, "1: RSA, 3: ECDSA, 4: Ed25519 (RFC 4255, RFC 7479)."),
    fingerprintType: number(0xff, "2: SHA-256.", 2),
    fingerprint: text("Hexadecimal digits."),
  },
} as const;

const ttl = ttlOption("Seconds for which the record may be kept. null: as of the name.");
const rdata = text("All of the above in one text, as in a zone file.");

/** One record or a list; a text is the field of that name. */
function records<const Tree extends Record<string, ReturnType<typeof text> | ReturnType<typeof number>>>(
  tree: Tree,
  short: string,
  example: unknown,
  description: string,
) {
  const all = "rdata" === short ? { ...tree, rdata, ttl } : { ...tree, ttl };
  const record = t.coercedTo(t.str, (value) => ({ [short]: value }), t.submodule({ file, options: all }));
  return option({
    type: t.coercedTo(t.either(t.str, t.attrs), (value) => [value], t.listOf(record)),
    default: [],
    example,
    description: `${description} A text, a set, or a list of them.`,
  });
}

const nameOptions = {
  ttl: ttlOption("Seconds for which the records of the name may be kept. null: as of the zone."),
  node: option({
    type: t.nullOr(t.str),
    default: null,
    example: "bar",
    description:
      "The node that has the name: its public addresses are the A and AAAA records, and its `ssh.access.<node>.hostKeys` the SSHFP records.",
  }),
  reverse: option({
    type: t.nullOr(t.bool),
    default: null,
    defaultText: "whether `node` is set",
    description:
      "Whether the addresses of the name lead back to it: PTR records in those zones of the network that are for them.",
  }),
  A: records(fields.A, "address", "192.0.2.1", "IPv4 addresses."),
  AAAA: records(fields.AAAA, "address", "2001:db8::1", "IPv6 addresses."),
  NS: records(fields.NS, "target", ["ns1.example.com.", "ns2.example.net."], "Name servers of the domain."),
  CNAME: records(fields.CNAME, "target", "www.example.com.", "The name that this one stands for."),
  PTR: records(fields.PTR, "target", "www.example.com.", "The name of an address."),
  TXT: records(fields.TXT, "text", "v=spf1 mx -all", "Texts."),
  CAA: records(fields.CAA, "rdata", '0 issue "letsencrypt.org"', "Who may issue certificates."),
  MX: records(fields.MX, "rdata", "10 mail.example.com.", "Mail servers."),
  SRV: records(
    fields.SRV,
    "rdata",
    "0 0 25565 mc.example.com.",
    "Servers of a service, e.g. of `_minecraft._tcp`.",
  ),
  TLSA: records(fields.TLSA, "rdata", "3 1 1 2bb1...", "Certificates of a service (DANE)."),
  SSHFP: records(fields.SSHFP, "rdata", "4 2 123a...", "Fingerprints of SSH host keys."),
} as const;

/** What reads as `dns.records.<name>`. */
export type NameRecords = ConfigOf<typeof nameOptions>;

export const namesOption = (description: string) =>
  option({
    type: t.attrsOf(t.submodule({ file, options: nameOptions })),
    default: {},
    example: { "www.example.com.": { A: "192.0.2.1" } },
    description,
  });
