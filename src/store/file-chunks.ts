/** Files of this machine, read in pieces of bounded size. Paths are byte strings. */
import { closeSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { toBytes } from "./bytes.ts";
import { StoreError } from "./errors.ts";
import type { FileContents } from "./tree.ts";

const chunkSize = 256 * 1024;

/** A byte string path as node:fs takes it: bytes where it isn't ASCII, since it may be anything but UTF-8. */
export function fsPath(path: string): string | Buffer {
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) > 127) return toBytes(path);
  return path;
}

/**
 * The contents of a regular file. The chunks share one buffer: use each before asking for the next.
 * Fails when the file doesn't have exactly `size` bytes.
 */
export function* readChunksSync(path: string, size: number): Generator<Buffer, void> {
  const file = openSync(fsPath(path), "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, size + 1));
    let total = 0;
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      total += count;
      if (count === 0 || total > size) break;
      yield buffer.subarray(0, count);
    }
    checkSize(path, total, size);
  } finally {
    closeSync(file);
  }
}

/** As {@link readChunksSync}, without blocking the process, and each chunk is the receiver's own. */
export async function* readChunks(path: string, size: number): AsyncGenerator<Buffer, void> {
  const file = await open(fsPath(path), "r");
  try {
    let total = 0;
    for (;;) {
      const buffer = Buffer.allocUnsafe(Math.min(chunkSize, size - total + 1));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      total += bytesRead;
      if (bytesRead === 0 || total > size) break;
      yield buffer.subarray(0, bytesRead);
    }
    checkSize(path, total, size);
  } finally {
    await file.close();
  }
}

/** A file's contents, wherever they are. Use each chunk before asking for the next. */
export function* contentsChunks(contents: FileContents): Generator<Uint8Array, void> {
  if (contents instanceof Uint8Array) yield contents;
  else yield* readChunksSync(contents.sourcePath, contents.size);
}

/** A file's contents in memory. */
export function contentsBytes(contents: FileContents): Uint8Array {
  if (contents instanceof Uint8Array) return contents;
  return Buffer.concat([...contentsChunks(contents)].map((chunk) => Buffer.from(chunk)));
}

function checkSize(path: string, read: number, size: number): void {
  if (read !== size) throw new StoreError(`file '${path}' has changed while it was being read`);
}
