/** Zones and records, as computed from the options. */
import type { RecordData } from "./data.ts";
import type { Name } from "./name.ts";
import type { Soa } from "./soa.ts";

export interface DnsRecord {
  readonly owner: Name;
  /** Seconds. */
  readonly ttl: number;
  readonly data: RecordData;
  /** The option that says it, for messages. */
  readonly option: string;
}

export interface Zone {
  readonly name: Name;
  /** Its option, for messages. */
  readonly option: string;
  /** Seconds. */
  readonly ttl: number;
  readonly soa: Soa;
  /** In the order of {@link compareNames}, then of their types. */
  readonly records: readonly DnsRecord[];
}
