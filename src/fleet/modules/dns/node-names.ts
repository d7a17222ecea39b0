/** The names that lead to a node. */
import { type Entry, Problems } from "./entries.ts";
import { type Name, nameKey, parseName, root, sameName, showName } from "./name.ts";

interface KnownNames {
  /** Asked only when a name has an address at all. */
  readonly addresses: () => readonly string[];
  /** The name of the server that the node is, if it is one; one that can't be read is told elsewhere. */
  readonly server: string | null;
}

/**
 * Those that say so (`node`), those that have one of the node's addresses, its name as a server, and CNAMEs of any of them;
 * without the final dot.
 */
export function namesOfNode(
  node: string,
  entries: readonly Entry[],
  { addresses, server }: KnownNames,
): string[] {
  let own: readonly string[] | undefined;
  const isOwn = (address: string): boolean => {
    own ??= addresses();
    return own.includes(address);
  };
  const found: Name[] = entries
    .filter(
      (entry) =>
        entry.node === node ||
        entry.records.some(({ data }) => (data.type === "A" || data.type === "AAAA") && isOwn(data.address)),
    )
    .map(({ owner }) => owner);
  const ownName = server === null ? undefined : new Problems().attempt("", () => parseName(server, root));
  if (ownName !== undefined) found.push(ownName);
  const aliases = entries.flatMap(({ owner, records }) =>
    records.flatMap(({ data }) => (data.type === "CNAME" ? [{ owner, target: data.target }] : [])),
  );
  // Grows while it is walked: an alias of an alias.
  for (const name of found) {
    for (const { owner, target } of aliases) {
      if (sameName(target, name) && !found.some((known) => sameName(known, owner))) found.push(owner);
    }
  }
  const names = found
    .filter(([first]) => first !== "*")
    .map((name) => [nameKey(name), showName(name)] as const);
  return [...new Map(names).values()].map((name) => name.replace(/\.$/, "")).filter((name) => name !== "");
}
