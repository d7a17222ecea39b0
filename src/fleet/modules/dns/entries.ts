/** What the options say of each name, read into records; what cannot be read is collected as problems. */
import { showOption } from "../../../modules/show.ts";
import { fromText, toText } from "../../../store/bytes.ts";
import { reverseZone } from "./address.ts";
import { type RecordData, recordTypes } from "./data.ts";
import { isWithin, type Name, parseName, root, showName } from "./name.ts";
import type { DnsConfig } from "./options.ts";
import { DnsProblem } from "./problem.ts";
import { type Fields, readData } from "./rdata.ts";
import type { NameRecords } from "./record-options.ts";

/** The name of an option below `dns`. */
export function dnsOption(...path: readonly string[]): string {
  return toText(showOption(["dns", ...path].map(fromText)));
}

/** Gathers what is wrong, so that all of it is said at once. */
export class Problems {
  readonly #messages = new Set<string>();

  get messages(): readonly string[] {
    return [...this.#messages];
  }

  add(option: string, message: string): void {
    this.#messages.add(`'${option}': ${message}`);
  }

  /** The message goes on from the option's name: `is not set`. */
  say(option: string, predicate: string): void {
    this.#messages.add(`'${option}' ${predicate}`);
  }

  /** The result of the action; undefined when it is refused, which is a problem of the option. */
  attempt<T>(option: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof DnsProblem)) throw error;
      this.add(option, error.message);
      return undefined;
    }
  }
}

/** A record as the options say it: its zone decides about a ttl that is null. */
export interface SaidRecord {
  readonly owner: Name;
  readonly ttl: number | null;
  readonly data: RecordData;
  readonly option: string;
}

/** What is said of a name in one place. */
export interface Entry {
  readonly owner: Name;
  readonly option: string;
  /** The zone that says it; null: `dns.records`. */
  readonly zone: Name | null;
  readonly node: string | null;
  readonly reverse: boolean;
  readonly ttl: number | null;
  readonly records: readonly SaidRecord[];
}

/** The name of `dns.zones.<name>`. */
export function zoneName(text: string): Name {
  return text.includes("/") ? reverseZone(text) : parseName(text, root);
}

/** Of `dns.records` and of each zone's own records. */
export function readEntries(config: DnsConfig, problems: Problems): Entry[] {
  const global = Object.entries(config.records).map(([name, said]) =>
    readEntry(problems, dnsOption("records", name), name, null, said),
  );
  const ofZones = Object.entries(config.zones).flatMap(([text, zone]) => {
    const origin = problems.attempt(dnsOption("zones", text), () => zoneName(text));
    if (origin === undefined) return [];
    return Object.entries(zone.records).map(([name, said]) =>
      readEntry(problems, dnsOption("zones", text, "records", name), name, origin, said),
    );
  });
  return [...global, ...ofZones].filter((entry) => entry !== undefined);
}

function readEntry(
  problems: Problems,
  option: string,
  name: string,
  zone: Name | null,
  said: NameRecords,
): Entry | undefined {
  const origin = zone ?? root;
  const owner = problems.attempt(option, () => parseName(name, origin));
  if (owner === undefined) return undefined;
  if (zone !== null && !isWithin(owner, zone)) {
    problems.add(option, `'${showName(owner)}' does not lie in the zone '${showName(zone)}'`);
    return undefined;
  }
  const records = recordTypes.flatMap((type) =>
    said[type].flatMap((fields, index, all): SaidRecord[] => {
      const where = all.length === 1 ? `${option}.${type}` : `${option}.${type}, element ${index + 1}`;
      const data = problems.attempt(where, () => readData(type, fields as Fields, origin));
      if (data === undefined) return [];
      return [{ owner, ttl: fields.ttl ?? said.ttl, data, option: `${option}.${type}` }];
    }),
  );
  const { node, ttl } = said;
  return { owner, option, zone, node, reverse: said.reverse ?? node !== null, ttl, records };
}
