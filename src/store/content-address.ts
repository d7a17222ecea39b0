/** By what contents an object's path was computed (Nix manual, "Content-Addressing Store Objects"). */
import { contentsChunks } from "./file-chunks.ts";
import { hashOfChunks, printHash } from "./hash.ts";
import { fixedOutputPath, parseStorePath, textPath } from "./store-path.ts";
import type { StoreObject } from "./tree.ts";

/**
 * As the daemon knows it, e.g. `fixed:r:sha256:<base 32>`: a store takes an object from anyone that can prove its
 * path like this. Empty when none of the ways leads to the object's path.
 */
export function contentAddressOf({ path, references, narHash, tree }: StoreObject): string {
  const { name } = parseStorePath(path);
  if (tree.type === "regular" && !tree.executable) {
    const flat = hashOfChunks("sha256", contentsChunks(tree.contents));
    if (textPath(name, flat, references) === path) return `text:${printHash(flat, "nix32", true)}`;
    if (references.length === 0 && fixedOutputPath(name, "flat", flat) === path) {
      return `fixed:${printHash(flat, "nix32", true)}`;
    }
  }
  const nar = { algorithm: "sha256", bytes: narHash } as const;
  if (fixedOutputPath(name, "nar", nar, references) === path)
    return `fixed:r:${printHash(nar, "nix32", true)}`;
  return "";
}
