/** What of a closure changes, by package, as `nix store diff-closures` compares. Pure. */
import type { ClosureChange, PackageChange, SizedPath } from "../../events/preview.ts";

/** Bytes of NARs by store path. */
export type Closure = ReadonlyMap<string, number>;

export function closureChange(before: Closure, after: Closure): ClosureChange {
  const added = without(after, before);
  const removed = without(before, after);
  const names = [...new Set([...added, ...removed].map(({ path }) => splitName(path).name))].sort();
  const [old, now] = [byName(before), byName(after)];
  return {
    added,
    removed,
    packages: names.map((name) => packageChange(name, old.get(name) ?? [], now.get(name) ?? [])),
    sizeDifference: total(added) - total(removed),
  };
}

function without(closure: Closure, other: Closure): SizedPath[] {
  return [...closure].flatMap(([path, size]) => (other.has(path) ? [] : [{ path, size }]));
}

function total(paths: readonly SizedPath[]): number {
  return paths.reduce((sum, { size }) => sum + size, 0);
}

function byName(closure: Closure): Map<string, SizedPath[]> {
  const found = new Map<string, SizedPath[]>();
  for (const [path, size] of closure) {
    const { name } = splitName(path);
    const paths = found.get(name);
    if (paths === undefined) found.set(name, [{ path, size }]);
    else paths.push({ path, size });
  }
  return found;
}

function packageChange(
  name: string,
  before: readonly SizedPath[],
  after: readonly SizedPath[],
): PackageChange {
  const versions = (paths: readonly SizedPath[]) =>
    [...new Set(paths.map(({ path }) => splitName(path).version))].sort();
  return {
    name,
    before: versions(before),
    after: versions(after),
    sizeDifference: total(after) - total(before),
  };
}

/** `/nix/store/HASH-openssl-3.0.8-bin` is version `3.0.8-bin` of `openssl` (Nix manual, `builtins.parseDrvName`). */
export function splitName(path: string): { readonly name: string; readonly version: string } {
  const whole = path.slice(path.lastIndexOf("/") + 1).replace(/^[0-9a-z]{32}-/, "");
  const match = /^(.*?)-([^a-zA-Z].*)$/s.exec(whole);
  return { name: match?.[1] ?? whole, version: match?.[2] ?? "" };
}
