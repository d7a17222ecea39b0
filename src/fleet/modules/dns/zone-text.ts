/** A zone as a zone file (RFC 1035, section 5). */
import { recordTypes, showData } from "./data.ts";
import { compareNames, showName, showRelative } from "./name.ts";
import type { DnsRecord, Zone } from "./zone.ts";

/**
 * The line of the serial in the zone's text, without its number: the primary puts one in front (target/serials.sh).
 * No record can bring forth such a line, since each is one line that begins with its name.
 */
const serialLine = "\t\t0\t; serial: 0 here, assigned on the primary";

/** The serial is 0: the same zone is the same text. Owners are relative to the zone, names in the data absolute. */
export function renderZone({ name, ttl, soa, records }: Zone): string {
  return [
    `$ORIGIN ${showName(name)}`,
    `$TTL ${ttl}`,
    `@\tIN\tSOA\t${showName(soa.mname)} ${showName(soa.rname)} (`,
    serialLine,
    `\t\t${soa.refresh}\t; refresh`,
    `\t\t${soa.retry}\t; retry`,
    `\t\t${soa.expire}\t; expire`,
    `\t\t${soa.minimum} )\t; minimum`,
    ...records.map(
      (record) =>
        `${showRelative(record.owner, name)}\t${record.ttl === ttl ? "" : record.ttl}\tIN\t${record.data.type}\t${showData(record.data)}`,
    ),
    "",
  ].join("\n");
}

export function compareRecords(a: DnsRecord, b: DnsRecord): number {
  return (
    compareNames(a.owner, b.owner) ||
    recordTypes.indexOf(a.data.type) - recordTypes.indexOf(b.data.type) ||
    compareTexts(showData(a.data), showData(b.data))
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
