/**
 * The stream that `nix-store --export` writes and `nix-store --import` reads: each object is the number 1, its
 * NAR, and a trailer with path, references and deriver; the number 0 ends it. Objects come after those that they
 * refer to.
 */
import { createHash } from "node:crypto";
import { StoreError } from "./errors.ts";
import { printHash } from "./hash.ts";
import { narChunks } from "./nar.ts";
import type { StoreObject } from "./tree.ts";

/** "NIXE". */
const exportMagic = 0x4558494e;

/**
 * The stream, in chunks of bounded size. Fails before the trailer of an object whose contents aren't what they
 * were when it was hashed, so that it can't be imported.
 */
export async function* exportStream(objects: Iterable<StoreObject>): AsyncGenerator<Uint8Array, void> {
  for (const object of objects) {
    yield words([1]);
    const hash = createHash("sha256");
    for await (const chunk of narChunks(object.tree)) {
      hash.update(chunk);
      yield chunk;
    }
    checkHash(object, hash.digest());
    yield Buffer.concat([
      words([exportMagic]),
      string(object.path),
      words([object.references.length]),
      ...object.references.map(string),
      string(""), // no deriver
      words([0]), // no signature
    ]);
  }
  yield words([0]);
}

/** Bytes of the stream for these objects. */
export function exportSize(objects: Iterable<StoreObject>): number {
  let size = 8;
  for (const { narSize, path, references } of objects) {
    size += 8 + narSize + 8 + stringSize(path) + 8 + 8 + 8;
    for (const reference of references) size += stringSize(reference);
  }
  return size;
}

function checkHash(object: StoreObject, found: Uint8Array): void {
  if (Buffer.compare(object.narHash, found) === 0) return;
  const before = printHash({ algorithm: "sha256", bytes: object.narHash }, "nix32", true);
  const now = printHash({ algorithm: "sha256", bytes: found }, "nix32", true);
  throw new StoreError(`hash of path '${object.path}' has changed from '${before}' to '${now}'`);
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeBigUInt64LE(BigInt(value), index * 8);
  });
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.alloc(stringSize(text));
  bytes.writeBigUInt64LE(BigInt(text.length), 0);
  bytes.write(text, 8, "latin1");
  return bytes;
}

function stringSize(text: string): number {
  return 8 + Math.ceil(text.length / 8) * 8;
}
