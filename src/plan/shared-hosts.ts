/** Nodes that are the same machine: it can be no two systems. Pure. */
import type { NodeSettings } from "../fleet/settings.ts";

/** By the name of each node whose SSH destination others have too, in the same way: why it may not be deployed. */
export function sharedHosts(nodes: readonly NodeSettings[]): ReadonlyMap<string, string> {
  const places = new Map<string, NodeSettings[]>();
  for (const node of nodes) {
    const options = Object.entries(node.sshOptions).sort(([a], [b]) => (a < b ? -1 : 1));
    const place = JSON.stringify([node.host, options]);
    places.set(place, [...(places.get(place) ?? []), node]);
  }
  const shared = [...places.values()].filter((there) => there.length > 1);
  return new Map(
    shared.flatMap((there) =>
      there.map(({ name, host }) => {
        const others = there.flatMap((other) => (other.name === name ? [] : [`'${other.name}'`]));
        return [name, `${others.join(", ")} has the same host, ${host}; ${advice}`] as const;
      }),
    ),
  );
}

/** For a machine that turns out to be the one of `other`, which is deployed in the same run. */
export function sameMachine(other: string): string {
  return `it is the machine of '${other}', which is deployed as well; ${advice}`;
}

const advice = "give each node a machine of its own, or deploy only one of them";
