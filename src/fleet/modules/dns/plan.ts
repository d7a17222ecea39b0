/** The zones of a network, and who serves them, from its options. Pure; what is wrong is collected. */
import { nearest } from "../../../modules/nearest.ts";
import { SourcePath, StoreString } from "../../../modules/store-string.ts";
import { ipv4, ipv6, isReverse, reverseName } from "./address.ts";
import { checkZone } from "./check.ts";
import type { RecordData } from "./data.ts";
import { dataKey } from "./data.ts";
import { dnsOption, type Entry, Problems, readEntries, type SaidRecord, zoneName } from "./entries.ts";
import { isWithin, longestSuffix, type Name, nameKey, parseName, root, sameName, showName } from "./name.ts";
import type { DnsConfig } from "./options.ts";
import { mailboxName } from "./soa.ts";
import { sshFingerprints } from "./sshfp.ts";
import type { DnsRecord, Zone } from "./zone.ts";
import { compareRecords } from "./zone-text.ts";

/** What is known of the nodes; each is only asked for those that the options name. */
export interface NodeFacts {
  readonly names: () => readonly string[];
  /** Public addresses. */
  readonly addresses: (node: string) => readonly string[];
  /** Public host keys. */
  readonly hostKeys: (node: string) => readonly string[];
  /** A secret of the network; undefined: it has no source, since it is only named here. */
  readonly secret: (name: string) => { readonly generator: KeyGenerator | null } | undefined;
}

/** How a secret is generated, if it is. */
interface KeyGenerator {
  readonly type: string;
  readonly alphabet: string;
}

/** A node that serves zones. */
export interface Server {
  readonly node: string;
  readonly software: "bind" | "nsd";
  readonly name: Name | null;
  readonly addresses: readonly string[];
  readonly listenAddresses: readonly string[];
}

interface OutsideSecondary {
  readonly address: string;
  /** Name of a key. */
  readonly key: string | null;
}

export interface ServedZone {
  readonly zone: Zone;
  readonly primary: Server;
  readonly secondaries: readonly Server[];
  /** Name of the key for transfers to the secondaries. */
  readonly key: string | null;
  readonly outside: readonly OutsideSecondary[];
}

export interface DnsPlan {
  readonly zones: readonly ServedZone[];
  readonly problems: readonly string[];
}

type ZoneOptions = DnsConfig["zones"][string];

/** What is the name of a file everywhere, and of a key. */
const plainName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** A zone while its records are gathered. */
interface Draft {
  readonly name: Name;
  readonly text: string;
  readonly option: string;
  readonly said: ZoneOptions;
  readonly records: DnsRecord[];
}

export function planDns(config: DnsConfig, facts: NodeFacts): DnsPlan {
  const planner = new Planner(config, facts);
  const zones = planner.plan();
  return { zones, problems: planner.problems.messages };
}

class Planner {
  readonly problems = new Problems();
  readonly #config: DnsConfig;
  readonly #facts: NodeFacts;
  readonly #drafts: Draft[] = [];
  readonly #servers = new Map<string, Server>();

  constructor(config: DnsConfig, facts: NodeFacts) {
    this.#config = config;
    this.#facts = facts;
  }

  plan(): ServedZone[] {
    this.#draftZones();
    const entries = readEntries(this.#config, this.problems);
    for (const entry of entries) this.#place(entry);
    for (const draft of this.#drafts) this.#addServers(draft);
    this.#addReverse(entries);
    for (const draft of this.#drafts) this.#addDelegation(draft);
    for (const node of Object.keys(this.#config.servers)) this.#isNode(dnsOption("servers", node), node);
    return this.#drafts.flatMap((draft) => this.#finish(draft) ?? []);
  }

  #draftZones(): void {
    const seen = new Map<string, string>();
    for (const [text, said] of Object.entries(this.#config.zones)) {
      const option = dnsOption("zones", text);
      const name = this.problems.attempt(option, () => zoneName(text));
      if (name === undefined) continue;
      if (!plainName.test(nameKey(name)))
        this.problems.add(option, "the name of a zone that is served here has letters, digits and ._- only");
      const other = seen.get(nameKey(name));
      if (other !== undefined) this.problems.say(option, `is the same zone as '${other}'; write one of them`);
      else this.#drafts.push({ name, text, option, said, records: [] });
      seen.set(nameKey(name), option);
    }
  }

  #place(entry: Entry): void {
    const draft = longestSuffix(entry.owner, this.#drafts);
    const owner = showName(entry.owner);
    if (draft === undefined) {
      const example = showName(entry.owner.slice(-2));
      this.problems.add(
        entry.option,
        `no zone of the network has the name '${owner}'; correct it, or add its zone, e.g. '${dnsOption("zones", example)}'`,
      );
      return;
    }
    if (entry.zone !== null && !sameName(entry.zone, draft.name)) {
      this.problems.add(
        entry.option,
        `the name '${owner}' belongs to '${draft.option}'; write its records there`,
      );
      return;
    }
    for (const record of entry.records) add(draft, record);
    if (entry.node !== null) this.#addNode(draft, entry, entry.node);
  }

  #addNode(draft: Draft, { owner, ttl, option: entry }: Entry, node: string): void {
    const option = `${entry}.node`;
    if (!this.#isNode(option, node)) return;
    const addresses = this.#facts.addresses(node);
    if (addresses.length === 0)
      this.problems.add(
        option,
        `node '${node}' has no public address; set 'nodes.${node}.configuration.networking.public.ipv4' or '.ipv6'`,
      );
    for (const data of addresses.flatMap((address) => this.#addressData(option, address) ?? []))
      addOnce(draft, { owner, ttl, data, option });
    for (const data of this.#facts.hostKeys(node).flatMap(sshFingerprints))
      addOnce(draft, { owner, ttl, data, option });
  }

  #isNode(option: string, node: string): boolean {
    const names = this.#facts.names();
    if (names.includes(node)) return true;
    const [near] = nearest(node, names);
    const hint = near === undefined ? `it has: ${names.join(", ") || "none"}` : `did you mean '${near}'?`;
    this.problems.add(option, `the network has no node '${node}'; ${hint}`);
    return false;
  }

  #addressData(option: string, address: string): RecordData | undefined {
    return this.problems.attempt(option, () =>
      address.includes(":")
        ? { type: "AAAA" as const, address: ipv6(address) }
        : { type: "A" as const, address: ipv4(address) },
    );
  }

  /** The server that a node is; undefined for a name that is no node's. */
  #server(option: string, node: string): Server | undefined {
    const known = this.#servers.get(node);
    if (known !== undefined) return known;
    if (!this.#isNode(option, node)) return undefined;
    const said = this.#config.servers[node];
    const own = dnsOption("servers", node);
    const name = said?.name ?? null;
    const server: Server = {
      node,
      software: said?.software ?? "bind",
      name:
        name === null ? null : (this.problems.attempt(`${own}.name`, () => parseName(name, root)) ?? null),
      addresses: said?.addresses ?? this.#facts.addresses(node),
      listenAddresses: said?.listenAddresses ?? [],
    };
    for (const address of server.addresses) this.#addressData(`${own}.addresses`, address);
    for (const address of server.listenAddresses) this.#addressData(`${own}.listenAddresses`, address);
    this.#servers.set(node, server);
    return server;
  }

  #serversOf({ said, option }: Draft): readonly Server[] {
    const { primaryNode, secondaryNodes } = said;
    return [
      ...(primaryNode === null ? [] : [this.#server(`${option}.primaryNode`, primaryNode)]),
      ...secondaryNodes.map((node) => this.#server(`${option}.secondaryNodes`, node)),
    ].filter((server) => server !== undefined);
  }

  /** NS records of the servers, and their addresses in whichever zone has their names. */
  #addServers(draft: Draft): void {
    if (!draft.said.serverRecords) return;
    for (const { node, name, addresses } of this.#serversOf(draft)) {
      if (name === null) continue;
      const option = dnsOption("servers", node, "name");
      addOnce(draft, { owner: draft.name, ttl: null, data: { type: "NS", target: name }, option });
      const home = longestSuffix(name, this.#drafts);
      if (home === undefined || hasAddress(home, name, (other) => other.option !== option)) continue;
      for (const data of addresses.flatMap((address) => this.#addressData(option, address) ?? []))
        addOnce(home, { owner: name, ttl: null, data, option });
    }
  }

  #addReverse(entries: readonly Entry[]): void {
    const reverseZones = this.#drafts.filter(({ name }) => isReverse(name));
    const written = new Set(entries.map(({ owner }) => nameKey(owner)));
    for (const { owner, option, reverse } of entries) {
      const home = longestSuffix(owner, this.#drafts);
      // An address has one of the names that a wildcard stands for, not the wildcard.
      if (!reverse || home === undefined || owner[0] === "*") continue;
      for (const { data, ttl } of home.records.filter((record) => sameName(record.owner, owner))) {
        if (data.type !== "A" && data.type !== "AAAA") continue;
        const name = reverseName(data.address);
        const zone = longestSuffix(name, reverseZones);
        if (zone === undefined || written.has(nameKey(name))) continue;
        addOnce(zone, { owner: name, ttl, data: { type: "PTR", target: owner }, option });
      }
    }
  }

  /** In the zone above, if the network has it: the zone's NS records, and addresses of those that lie in the zone. */
  #addDelegation(child: Draft): void {
    const others = this.#drafts.filter((draft) => draft !== child);
    const parent = longestSuffix(child.name, others);
    if (parent === undefined) return;
    for (const { data, ttl, option } of child.records.filter(({ owner }) => sameName(owner, child.name))) {
      if (data.type !== "NS") continue;
      addOnce(parent, { owner: child.name, ttl, data, option });
      if (!isWithin(data.target, child.name)) continue;
      for (const glue of child.records.filter(({ owner }) => sameName(owner, data.target))) {
        if (glue.data.type === "A" || glue.data.type === "AAAA") addOnce(parent, glue);
      }
    }
  }

  #finish(draft: Draft): ServedZone | undefined {
    const { name, option, said } = draft;
    if (said.primaryNode === null) {
      this.problems.say(`${option}.primaryNode`, "is not set; name the node whose server has the zone");
      return undefined;
    }
    const primary = this.#server(`${option}.primaryNode`, said.primaryNode);
    const secondaries = this.#secondaries(draft);
    const outside = this.#outside(draft);
    const zone = this.#zone(draft, primary);
    if (primary === undefined || zone === undefined) return undefined;
    checkZone(
      zone,
      this.#drafts.map((other) => other.name).filter((other) => !sameName(other, name)),
      this.problems,
    );
    if (secondaries.length > 0) this.#checkTransfers(draft, [primary, ...secondaries]);
    return { zone, primary, secondaries, key: said.transferKey, outside };
  }

  #secondaries({ said, option }: Draft): Server[] {
    const where = `${option}.secondaryNodes`;
    if (new Set([said.primaryNode, ...said.secondaryNodes]).size <= said.secondaryNodes.length)
      this.problems.say(where, "names a node twice, or the primary node");
    return said.secondaryNodes.flatMap((node) => this.#server(where, node) ?? []);
  }

  #outside({ said, option }: Draft): OutsideSecondary[] {
    return Object.entries(said.outsideSecondaries).map(([name, { address, transferKey }]) => {
      const where = `${option}.outsideSecondaries.${name}`;
      this.#addressData(`${where}.address`, address);
      if (transferKey !== null) this.#checkKey(`${where}.transferKey`, transferKey);
      return { address, key: transferKey };
    });
  }

  #checkTransfers({ said, option }: Draft, servers: readonly Server[]): void {
    const where = `${option}.transferKey`;
    if (said.transferKey === null)
      this.problems.say(
        where,
        `is not set, but the zone has secondary nodes; name a key of '${dnsOption("keys")}'`,
      );
    else this.#checkKey(where, said.transferKey);
    for (const { node, addresses } of servers) {
      if (addresses.length > 0) continue;
      this.problems.say(
        dnsOption("servers", node, "addresses"),
        `is empty, and node '${node}' has no public address; set the addresses by which the other servers reach it`,
      );
    }
  }

  #checkKey(option: string, key: string): void {
    const said = this.#config.keys[key];
    if (said?.keyFile instanceof SourcePath)
      this.problems.add(
        dnsOption("keys", key, "keyFile"),
        "a path would be copied to the store, where everybody can read it; write the place on the machines as a text, in quotes",
      );
    if (said !== undefined && (said.keyFile === null) === (said.secret === null))
      this.problems.say(
        dnsOption("keys", key),
        "needs one of 'secret', the name of a secret of the network, and 'keyFile', the place of a file on the machines",
      );
    if (said?.keyFile instanceof StoreString)
      this.problems.add(
        dnsOption("keys", key, "keyFile"),
        "it is in the store, where everybody can read it; write the place on the machines, or set 'secret' to a secret of the network",
      );
    if (said !== undefined && said.secret !== null && said.keyFile === null)
      this.#checkSecret(dnsOption("keys", key, "secret"), said.secret);
    if (said !== undefined && !plainName.test(key))
      this.problems.add(dnsOption("keys", key), "the name of a key has letters, digits and ._- only");
    if (said !== undefined) return;
    this.problems.add(
      option,
      `there is no key '${key}'; set '${dnsOption("keys", key, "secret")}' or '.keyFile'`,
    );
  }

  /** What servers take for a key is base64. */
  #checkSecret(option: string, name: string): void {
    const secret = this.#facts.secret(name);
    const base64 = '{ type = "random"; alphabet = "base64"; length = 32; }';
    if (secret === undefined) {
      this.problems.add(
        option,
        `the secret 'secrets.${name}' has no source; set 'secrets.${name}.generate' to ${base64}, or its 'file'`,
      );
      return;
    }
    const { generator } = secret;
    if (generator === null || generator.type === "wireguard" || generator.alphabet === "base64") return;
    this.problems.add(
      option,
      `the secret 'secrets.${name}' is generated as something else than base64, which no server takes for a key; set 'secrets.${name}.generate' to ${base64}`,
    );
  }

  #zone(draft: Draft, primary: Server | undefined): Zone | undefined {
    const { name, option, said, records } = draft;
    const { soa, ttl } = said;
    const written = soa.primary;
    const firstServer = records.find(({ owner, data }) => data.type === "NS" && sameName(owner, name));
    const mname =
      written === null
        ? (primary?.name ?? (firstServer?.data.type === "NS" ? firstServer.data.target : undefined))
        : this.problems.attempt(`${option}.soa.primary`, () => parseName(written, name));
    const rname = this.problems.attempt(`${option}.soa.email`, () => {
      if (soa.email !== null) return mailboxName(soa.email, name);
      return ["hostmaster", ...name];
    });
    if (mname === undefined || rname === undefined) {
      if (rname !== undefined && written === null && primary !== undefined)
        this.problems.say(
          dnsOption("servers", primary.node, "name"),
          `is not set; set it to the name of the server, which '${option}' needs for its NS records`,
        );
      return undefined;
    }
    const { refresh, retry, expire, minimum } = soa;
    return {
      name,
      option,
      ttl,
      soa: { mname, rname, refresh, retry, expire, minimum },
      records: records.toSorted(compareRecords),
    };
  }
}

function add(draft: Draft, { owner, ttl, data, option }: SaidRecord): void {
  draft.records.push({ owner, ttl: ttl ?? draft.said.ttl, data, option });
}

/** What follows from other options gives way to what is written, and has the ttl of what is there. */
function addOnce(draft: Draft, record: SaidRecord): void {
  const same = draft.records.filter(
    ({ owner, data }) => data.type === record.data.type && sameName(owner, record.owner),
  );
  if (same.some(({ data }) => dataKey(data) === dataKey(record.data))) return;
  add(draft, { ...record, ttl: same[0]?.ttl ?? record.ttl });
}

function hasAddress(draft: Draft, name: Name, counts: (record: DnsRecord) => boolean): boolean {
  return draft.records.some(
    (record) =>
      sameName(record.owner, name) && ["A", "AAAA", "CNAME"].includes(record.data.type) && counts(record),
  );
}
