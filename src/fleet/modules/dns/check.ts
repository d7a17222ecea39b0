/** What servers would refuse in a zone, or what would lead nowhere, each in one message that names the option. */
import { dataKey, type RecordType, showData, targetOf } from "./data.ts";
import type { Problems } from "./entries.ts";
import { ancestorsWithin, isHostName, isWithin, type Name, nameKey, sameName, showName } from "./name.ts";
import type { DnsRecord, Zone } from "./zone.ts";

/** `others`: the names of the network's other zones. */
export function checkZone(zone: Zone, others: readonly Name[], problems: Problems): void {
  new ZoneCheck(zone, others, problems).check();
}

class ZoneCheck {
  readonly #zone: Zone;
  readonly #others: readonly Name[];
  readonly #problems: Problems;
  /** The records of each name. */
  readonly #names = new Map<string, DnsRecord[]>();

  constructor(zone: Zone, others: readonly Name[], problems: Problems) {
    this.#zone = zone;
    this.#others = others;
    this.#problems = problems;
    for (const record of zone.records) {
      const key = nameKey(record.owner);
      this.#names.set(key, [...(this.#names.get(key) ?? []), record]);
    }
  }

  check(): void {
    const { name, option } = this.#zone;
    if (!this.#at(name).some(({ data }) => data.type === "NS"))
      this.#problems.add(
        option,
        "the zone has no name servers; set 'dns.servers.<node>.name', or its NS records",
      );
    for (const records of this.#names.values()) {
      this.#checkCname(records);
      this.#checkSets(records);
    }
    for (const record of this.#zone.records) {
      this.#checkOwner(record);
      this.#checkTarget(record);
    }
  }

  #at(name: Name): readonly DnsRecord[] {
    return this.#names.get(nameKey(name)) ?? [];
  }

  /** RFC 1034, section 3.6.2. */
  #checkCname(records: readonly DnsRecord[]): void {
    const [cname, second] = records.filter(({ data }) => data.type === "CNAME");
    if (cname === undefined) return;
    const owner = showName(cname.owner);
    if (sameName(cname.owner, this.#zone.name)) {
      this.#problems.add(
        cname.option,
        `'${owner}' is a zone, which cannot be a CNAME; write addresses instead`,
      );
      return;
    }
    const other = second ?? records.find(({ data }) => data.type !== "CNAME");
    if (other !== undefined)
      this.#problems.add(
        cname.option,
        `a CNAME must be the only record of its name, but '${owner}' has another by '${other.option}'`,
      );
  }

  /** The records of one name and type: none twice, and all for the same time (RFC 2181, section 5). */
  #checkSets(records: readonly DnsRecord[]): void {
    const seen = new Map<string, DnsRecord>();
    const first = new Map<RecordType, DnsRecord>();
    for (const record of records) {
      const { data, option, ttl, owner } = record;
      const same = seen.get(dataKey(data));
      if (same !== undefined)
        this.#problems.add(
          option,
          `'${showName(owner)}' has the record '${data.type} ${showData(data)}' twice; the other is by '${same.option}'`,
        );
      seen.set(dataKey(data), record);
      const other = first.get(data.type) ?? record;
      first.set(data.type, other);
      if (other.ttl !== ttl)
        this.#problems.add(
          option,
          `the ${data.type} records of '${showName(owner)}' must have the same ttl, but one has ${other.ttl} and one ${ttl}`,
        );
    }
  }

  #checkOwner({ owner, data, option }: DnsRecord): void {
    const host = owner[0] === "*" ? owner.slice(1) : owner;
    if (["A", "AAAA", "MX"].includes(data.type) && host.length > 0 && !isHostName(host))
      this.#problems.add(
        option,
        `'${showName(owner)}' cannot be the name of a machine: it has other characters than letters, digits and '-'`,
      );
    const cut = this.#delegation(owner);
    if (cut === undefined) return;
    const glue = data.type === "A" || data.type === "AAAA";
    if (sameName(owner, cut) ? data.type === "NS" || glue : glue) return;
    this.#problems.add(
      option,
      `'${showName(owner)}' belongs to the servers that '${showName(cut)}' is delegated to by its NS records`,
    );
  }

  /** The name at or above this one whose NS records give it to another zone's servers. */
  #delegation(name: Name): Name | undefined {
    return [name, ...ancestorsWithin(name, this.#zone.name)].find(
      (above) =>
        above.length > this.#zone.name.length &&
        (this.#at(above).some(({ data }) => data.type === "NS") ||
          this.#others.some((other) => sameName(other, above))),
    );
  }

  #checkTarget({ owner, data, option }: DnsRecord): void {
    const target = targetOf(data);
    // The root: no such service (RFC 2782; RFC 7505).
    if (target === undefined || (target.length === 0 && (data.type === "SRV" || data.type === "MX"))) return;
    const name = showName(target);
    if (target.length < 2) {
      this.#problems.add(
        option,
        `'${name}' is not a whole name; in 'dns.records' names are not relative to a zone`,
      );
      return;
    }
    const needsAddress = data.type === "NS" || data.type === "MX" || data.type === "SRV";
    if (needsAddress && !isHostName(target)) {
      this.#problems.add(option, `'${name}' cannot be the name of a machine`);
      return;
    }
    if (data.type === "CNAME" && this.#isCircle(owner, target)) {
      this.#problems.add(option, `the CNAME leads back to '${showName(owner)}'`);
      return;
    }
    if (
      !isWithin(target, this.#zone.name) ||
      this.#others.some((other) => isDeeper(other, this.#zone.name, target))
    )
      return;
    const cut = this.#delegation(target);
    const types = this.#typesFor(target);
    const hasAddress = types.has("A") || types.has("AAAA");
    if (cut !== undefined) {
      if (data.type === "NS" && isWithin(target, owner) && !hasAddress)
        this.#problems.add(
          option,
          `'${name}' is a server of '${showName(owner)}' and lies in it, so that nobody could find it; give it an A or AAAA record here`,
        );
      return;
    }
    if (needsAddress && types.has("CNAME"))
      this.#problems.add(option, `'${name}' is a CNAME; a ${data.type} record must name the machine itself`);
    else if (needsAddress && !hasAddress)
      this.#problems.add(option, `'${name}' has no A or AAAA record${this.#finalDot(target)}`);
    else if (types.size === 0)
      this.#problems.add(option, `'${name}' has no records${this.#finalDot(target)}`);
  }

  /** The most frequent mistake in zone files. */
  #finalDot(target: Name): string {
    const relative = target.slice(0, target.length - this.#zone.name.length);
    return relative.length > 1
      ? `; a name without a final dot is relative to the zone, did you mean '${showName(relative)}'?`
      : "";
  }

  /** Types of the records that a name has, or gets by a wildcard (RFC 4592). */
  #typesFor(name: Name): ReadonlySet<RecordType> {
    const types = (records: readonly DnsRecord[]) => new Set(records.map(({ data }) => data.type));
    if (this.#at(name).length > 0) return types(this.#at(name));
    for (const above of ancestorsWithin(name, this.#zone.name)) {
      const wildcard = this.#at(["*", ...above]);
      if (wildcard.length > 0) return types(wildcard);
      if (this.#exists(above)) return new Set();
    }
    return new Set();
  }

  #exists(name: Name): boolean {
    return this.#zone.records.some(({ owner }) => isWithin(owner, name));
  }

  #isCircle(owner: Name, target: Name): boolean {
    const seen = new Set<string>();
    let next: Name | undefined = target;
    while (next !== undefined && !seen.has(nameKey(next))) {
      if (sameName(next, owner)) return true;
      seen.add(nameKey(next));
      const data: DnsRecord["data"] | undefined = this.#at(next).find(
        (record) => record.data.type === "CNAME",
      )?.data;
      next = data?.type === "CNAME" ? data.target : undefined;
    }
    return false;
  }
}

/** Whether a name of the zone lies in another zone below it, where it is checked. */
function isDeeper(other: Name, zone: Name, name: Name): boolean {
  return other.length > zone.length && isWithin(other, zone) && isWithin(name, other);
}
