/** Gets derivations into a store, with all that they are built from. */
import { outgoing } from "../../store/daemon/outgoing.ts";
import type { DaemonStore } from "../../store/daemon/store.ts";
import type { StoreObject } from "../../store/tree.ts";
import { NodeError } from "../errors.ts";
import type { StorePlace } from "./place.ts";

/**
 * Sends the `.drv`s and sources that the store lacks. What it has, it has with all that that refers to, so it is asked
 * level by level, from the top, and only about what may be missing. All of it stays until the connection ends.
 */
export async function sendDerivations(
  place: StorePlace,
  store: DaemonStore,
  objects: ReadonlyMap<string, StoreObject>,
  roots: readonly string[],
): Promise<void> {
  const missing = new Map<string, StoreObject>();
  const seen = new Set(roots);
  for (let level = [...seen]; level.length > 0; ) {
    const roots = level.map((path) => store.addTempRoot(path));
    const valid = await store.queryValidPaths(level);
    await Promise.all(roots);
    const next: string[] = [];
    const elsewhere: string[] = [];
    for (const path of level.filter((path) => !valid.has(path))) {
      const object = objects.get(path);
      if (object === undefined) {
        elsewhere.push(path);
        continue;
      }
      missing.set(path, object);
      for (const reference of object.references) {
        if (seen.has(reference)) continue;
        seen.add(reference);
        next.push(reference);
      }
    }
    await requireElsewhere(place, store, elsewhere);
    level = next;
  }
  const ordered = referencesFirst(missing);
  await place.note(ordered.map(({ path }) => path));
  await store.addMultipleToStore(ordered.length, lazily(ordered));
}

/** Paths that the evaluation only named: they are in a binary cache, or nowhere. */
async function requireElsewhere(
  place: StorePlace,
  store: DaemonStore,
  paths: readonly string[],
): Promise<void> {
  await place.note(paths);
  const valid = await store.queryValidPaths(paths, true);
  const [path] = paths.filter((each) => !valid.has(each));
  if (path === undefined) return;
  throw new NodeError(
    `'${path}' is needed for the build, but it is not in the store there, can't be fetched, and was not made by the evaluation`,
  );
}

function* lazily(objects: readonly StoreObject[]) {
  for (const object of objects) yield outgoing(object);
}

function referencesFirst(objects: ReadonlyMap<string, StoreObject>): StoreObject[] {
  const ordered: StoreObject[] = [];
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const object = objects.get(path);
    if (object === undefined || seen.has(path)) return;
    seen.add(path);
    for (const reference of object.references) visit(reference);
    ordered.push(object);
  };
  for (const path of objects.keys()) visit(path);
  return ordered;
}
