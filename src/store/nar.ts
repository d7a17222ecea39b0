/**
 * Nix archives (NAR): the canonical serialisation of a tree (Nix manual, "Nix Archive (NAR) Format").
 *
 * An archive is written as a sequence of pieces: bytes of framing and of small files, and files of this machine,
 * which whoever consumes the archive reads when it comes to them. So an archive of any size takes bounded memory.
 */
import { createHash } from "node:crypto";
import { StoreError } from "./errors.ts";
import { readChunks, readChunksSync } from "./file-chunks.ts";
import { compareBytes } from "./store-path.ts";
import type { FileContents, TreeNode } from "./tree.ts";

type Piece = Uint8Array | { readonly sourcePath: string; readonly size: number };

const magic = "nix-archive-1";
const blockSize = 64 * 1024;

/** The archive's bytes, reading files synchronously. Use each chunk before asking for the next. */
export function* narChunksSync(tree: TreeNode): Generator<Uint8Array, void> {
  for (const piece of narPieces(tree)) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* readChunksSync(piece.sourcePath, piece.size);
  }
}

/** The archive's bytes, each chunk the receiver's own. */
export async function* narChunks(tree: TreeNode): AsyncGenerator<Uint8Array, void> {
  for (const piece of narPieces(tree)) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* readChunks(piece.sourcePath, piece.size);
  }
}

/** The SHA-256 of a tree's archive, and its size in bytes. */
export function hashNar(tree: TreeNode): { readonly hash: Uint8Array; readonly size: number } {
  const hash = createHash("sha256");
  let size = 0;
  for (const chunk of narChunksSync(tree)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { hash: new Uint8Array(hash.digest()), size };
}

/** The whole archive in memory, for small trees. */
export function narBytes(tree: TreeNode): Buffer {
  return Buffer.concat([...narChunksSync(tree)].map((chunk) => Buffer.from(chunk)));
}

function* narPieces(tree: TreeNode): Generator<Piece, void> {
  const block = new Block();
  block.string(magic);
  yield* nodePieces(tree, block);
  yield block.take();
}

function* nodePieces(node: TreeNode, block: Block): Generator<Piece, void> {
  block.string("(");
  block.string("type");
  block.string(node.type);
  switch (node.type) {
    case "regular":
      if (node.executable) {
        block.string("executable");
        block.string("");
      }
      block.string("contents");
      yield* contentPieces(node.contents, block);
      break;
    case "symlink":
      block.string("target");
      block.string(node.target);
      break;
    case "directory":
      for (const name of [...node.entries.keys()].sort(compareBytes)) {
        block.string("entry");
        block.string("(");
        block.string("name");
        block.string(name);
        block.string("node");
        yield* nodePieces(node.entries.get(name)!, block);
        block.string(")");
        if (block.full) yield block.take();
      }
  }
  block.string(")");
}

function* contentPieces(contents: FileContents, block: Block): Generator<Piece, void> {
  const size = contents instanceof Uint8Array ? contents.length : contents.size;
  block.integer(size);
  if (contents instanceof Uint8Array && size <= blockSize) {
    block.bytes(contents);
  } else if (size > 0) {
    yield block.take();
    yield contents;
  }
  block.padding(size);
}

/** Collects framing and small files, so that they don't become a chunk each. */
class Block {
  private buffer = Buffer.allocUnsafe(blockSize);
  private used = 0;

  get full(): boolean {
    return this.used >= blockSize;
  }

  take(): Uint8Array {
    const taken = this.buffer.subarray(0, this.used);
    this.buffer = Buffer.allocUnsafe(blockSize);
    this.used = 0;
    return taken;
  }

  integer(value: number): void {
    this.reserve(8);
    this.buffer.writeBigUInt64LE(BigInt(value), this.used);
    this.used += 8;
  }

  string(text: string): void {
    this.integer(text.length);
    this.reserve(text.length);
    this.buffer.write(text, this.used, "latin1");
    this.used += text.length;
    this.padding(text.length);
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  /** Zeroes up to the next multiple of 8 after something of this size. */
  padding(size: number): void {
    const count = paddingOf(size);
    this.reserve(count);
    this.buffer.fill(0, this.used, this.used + count);
    this.used += count;
  }

  private reserve(count: number): void {
    if (this.used + count <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe((this.used + count) * 2);
    this.buffer.copy(larger, 0, 0, this.used);
    this.buffer = larger;
  }
}

function paddingOf(size: number): number {
  return (8 - (size % 8)) % 8;
}

/** The tree of an archive. File contents are views of the given bytes. Fails with a StoreError. */
export function parseNar(bytes: Uint8Array): TreeNode {
  const reader = new NarReader(bytes);
  if (reader.string() !== magic) throw badArchive("input doesn't look like a Nix archive");
  const tree = parseNode(reader);
  reader.expectEnd();
  return tree;
}

function parseNode(reader: NarReader): TreeNode {
  reader.expect("(");
  reader.expect("type");
  const type = reader.string();
  switch (type) {
    case "regular": {
      let tag = reader.string();
      const executable = tag === "executable";
      if (executable) {
        if (reader.string() !== "") throw badArchive("executable marker has non-empty value");
        tag = reader.string();
      }
      if (tag !== "contents") throw badArchive(`expected tag 'contents', got '${tag}'`);
      const contents = reader.bytes();
      reader.expect(")");
      return { type, executable, contents };
    }
    case "symlink": {
      reader.expect("target");
      const target = reader.string();
      reader.expect(")");
      return { type, target };
    }
    case "directory":
      return { type, entries: parseEntries(reader) };
    default:
      throw badArchive(`unknown file type '${type}'`);
  }
}

function parseEntries(reader: NarReader): ReadonlyMap<string, TreeNode> {
  const entries = new Map<string, TreeNode>();
  let previous = "";
  for (;;) {
    const tag = reader.string();
    if (tag === ")") return entries;
    if (tag !== "entry") throw badArchive(`expected tag 'entry' or ')', got '${tag}'`);
    reader.expect("(");
    reader.expect("name");
    const name = reader.string();
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
      throw badArchive(`NAR contains invalid file name '${name}'`);
    }
    if (name <= previous) throw badArchive("NAR directory is not sorted");
    previous = name;
    reader.expect("node");
    entries.set(name, parseNode(reader));
    reader.expect(")");
  }
}

class NarReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  bytes(): Buffer {
    const size = this.size();
    const start = this.at;
    const end = start + size;
    this.at = end + paddingOf(size);
    if (this.at > this.buffer.length) throw badArchive("unexpected end of file");
    for (let i = end; i < this.at; i++) if (this.buffer[i] !== 0) throw badArchive("non-zero padding");
    return this.buffer.subarray(start, end);
  }

  string(): string {
    return this.bytes().toString("latin1");
  }

  expect(tag: string): void {
    const found = this.string();
    if (found !== tag) throw badArchive(`expected tag '${tag}', got '${found}'`);
  }

  expectEnd(): void {
    if (this.at !== this.buffer.length) throw badArchive("there is something after the end");
  }

  private size(): number {
    if (this.at + 8 > this.buffer.length) throw badArchive("unexpected end of file");
    const size = this.buffer.readBigUInt64LE(this.at);
    this.at += 8;
    if (size > this.buffer.length) throw badArchive("unexpected end of file");
    return Number(size);
  }
}

function badArchive(problem: string): StoreError {
  return new StoreError(`bad archive: ${problem}`);
}
