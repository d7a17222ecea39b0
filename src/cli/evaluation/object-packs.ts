/**
 * Store objects in the cache of evaluations. Nodes have most of theirs in common: an evaluation keeps those that it
 * did not find there in one part of the cache, a pack.
 */
import type { StoreObject } from "../../store/tree.ts";
import type { EvaluationCache } from "./cache.ts";

/** Objects, in order, and the packs that they are in. */
export interface PackedObjects {
  readonly paths: readonly string[];
  readonly packs: readonly string[];
}

export class ObjectPacks {
  private readonly cache: EvaluationCache;
  private readonly loaded = new Map<string, boolean>();
  private readonly found = new Map<string, { readonly object: StoreObject; readonly pack: string }>();

  constructor(cache: EvaluationCache) {
    this.cache = cache;
  }

  /** Undefined where one is missing. */
  unpack({ paths, packs }: PackedObjects): StoreObject[] | undefined {
    if (!packs.every((pack) => this.load(pack))) return undefined;
    const objects = paths.flatMap((path) => this.found.get(path)?.object ?? []);
    return objects.length === paths.length ? objects : undefined;
  }

  /** Puts those into a new pack that are in none. */
  add(objects: readonly StoreObject[]): void {
    const fresh = objects.filter(({ path }) => !this.found.has(path));
    if (fresh.length > 0) this.hold(this.cache.keepPart(fresh), fresh);
  }

  /** Of objects that were added. */
  packed(objects: readonly StoreObject[]): PackedObjects {
    const paths = objects.map(({ path }) => path);
    return { paths, packs: [...new Set(paths.map((path) => this.found.get(path)!.pack))] };
  }

  private load(pack: string): boolean {
    const known = this.loaded.get(pack);
    if (known !== undefined) return known;
    const objects = this.cache.part<readonly StoreObject[]>(pack);
    this.loaded.set(pack, objects !== undefined);
    if (objects !== undefined) this.hold(pack, objects);
    return objects !== undefined;
  }

  private hold(pack: string, objects: readonly StoreObject[]): void {
    for (const object of objects) this.found.set(object.path, { object, pack });
  }
}
