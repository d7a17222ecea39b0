/** What the servers of a network shall answer, as plain data: `nixus dns check` compares it with what they answer. */
import { recordTypes, showData } from "./data.ts";
import { showName } from "./name.ts";
import type { ServedZone, Server } from "./plan.ts";

export interface PublishedServer {
  readonly node: string;
  readonly addresses: readonly string[];
}

/** The records of one name and type. */
export interface PublishedSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** As in a zone file, in no particular order. */
  readonly data: readonly string[];
}

export interface PublishedZone {
  readonly name: string;
  readonly primary: PublishedServer;
  readonly secondaries: readonly PublishedServer[];
  /** MNAME, RNAME, refresh, retry, expire and minimum, as in a zone file; without the serial. */
  readonly soa: string;
  readonly sets: readonly PublishedSet[];
}

export function publish({ zone, primary, secondaries }: ServedZone): PublishedZone {
  const { mname, rname, refresh, retry, expire, minimum } = zone.soa;
  const sets = new Map<string, PublishedSet>();
  for (const { owner, ttl, data } of zone.records) {
    const name = showName(owner);
    const key = `${name.toLowerCase()} ${recordTypes.indexOf(data.type)}`;
    const others = sets.get(key)?.data ?? [];
    sets.set(key, { name, type: data.type, ttl, data: [...others, showData(data)] });
  }
  return {
    name: showName(zone.name),
    primary: server(primary),
    secondaries: secondaries.map(server),
    soa: `${showName(mname)} ${showName(rname)} ${refresh} ${retry} ${expire} ${minimum}`,
    sets: [...sets.values()],
  };
}

function server({ node, addresses }: Server): PublishedServer {
  return { node, addresses };
}
