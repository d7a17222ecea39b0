/** The names that lead to a node. */
import type { Entry } from "./entries.ts";
import { type Name, nameKey, sameName, showName } from "./name.ts";

/**
 * Those that say so (`node`), those that have one of the node's addresses, and CNAMEs of any of them; without the final
 * dot. `addresses` is asked only when a name has an address at all.
 */
export function namesOfNode(
  node: string,
  entries: readonly Entry[],
  addresses: () => readonly string[],
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
