/** Who may log in where, as a graph that can be shown; pure. */
import { allGrants } from "./access.ts";
import type { SshAccess } from "./options.ts";

export interface SshGraph {
  /** Names of nodes, in name order. */
  readonly nodes: readonly string[];
  /** One for each key and user, sorted. */
  readonly edges: readonly SshEdge[];
}

export interface SshEdge {
  readonly from: string;
  readonly to: string;
  /** Name of the key on `from`. */
  readonly key: string;
  /** User on `to`. */
  readonly user: string;
  /** Whether the key has options that limit what it may be used for. */
  readonly limited: boolean;
}

/** Ends that the network does not have are in it all the same: they are what is to be seen. */
export function sshGraph(access: SshAccess, nodes: readonly string[]): SshGraph {
  const edges = allGrants(access).map(
    ({ from, name, key, node, user }): SshEdge => ({
      from,
      to: node,
      key: name,
      user,
      limited: isLimited(key.options),
    }),
  );
  const all = new Set([...nodes, ...edges.flatMap(({ from, to }) => [from, to])]);
  return {
    nodes: [...all].sort(),
    edges: edges.sort((a, b) => compare([a.from, a.to, a.key, a.user], [b.from, b.to, b.key, b.user])),
  };
}

function isLimited(options: SshAccess[string]["keys"][string]["options"]): boolean {
  const limits = ["command", "from", "restrict", "expiry-time", "permitopen", "permitlisten"] as const;
  return limits.some((name) => {
    const value = options[name];
    return Array.isArray(value) ? value.length > 0 : value !== null && value !== false;
  });
}

function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, position) => part !== b[position]);
  return index < 0 ? 0 : a[index]! < b[index]! ? -1 : 1;
}
