/**
 * Tape archives: POSIX (ustar, pax) with GNU's long names, read in bounded memory and unpacked. Of the metadata
 * only the executable bit is kept, as a store does. Paths are byte strings.
 */
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import { withSystemErrors } from "../../store/system-error.ts";

const blockSize = 512;
const chunkSize = 256 * 1024;

interface Header {
  readonly name: string;
  readonly linkTarget: string;
  readonly type: string;
  readonly size: number;
  readonly executable: boolean;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** What an extension header says of the next entry. */
interface Override {
  path?: string;
  linkpath?: string;
  size?: number;
  modified?: number;
}

/**
 * Unpacks into a new directory; returns when the newest entry was changed (seconds since the epoch, 0 without
 * entries). `source` is what the archive is called in messages. Fails with a StoreError.
 */
export function extractTar(archive: string, directory: string, source: string): number {
  return withSystemErrors("unpacking", source, () => {
    const reader = new TarReader(archive, source);
    try {
      return extractEntries(reader, new Target(directory, source));
    } finally {
      reader.close();
    }
  });
}

function extractEntries(reader: TarReader, target: Target): number {
  let next: Override = {};
  let lastModified = 0;
  for (;;) {
    const header = reader.header(next.size);
    if (header === undefined) return lastModified;
    const name = next.path ?? header.name;
    const linkTarget = next.linkpath ?? header.linkTarget;
    const { type, size } = header;
    switch (type) {
      case "x":
        Object.assign(next, paxRecords(reader.text(size)));
        continue;
      case "L":
        next.path = untilNul(reader.text(size));
        continue;
      case "K":
        next.linkpath = untilNul(reader.text(size));
        continue;
      case "g":
        reader.skip(size);
        continue;
      case "0":
      case "\0":
      case "7":
        // The oldest archives know a directory only by the slash at its end.
        if (name.endsWith("/")) target.directory(name);
        else target.file(name, header.executable, reader.contents(size));
        break;
      case "5":
        target.directory(name);
        reader.skip(size);
        break;
      case "2":
        target.symlink(name, linkTarget);
        break;
      case "1":
        target.hardLink(name, linkTarget);
        break;
      default:
        throw reader.bad(`'${name}' is of type '${type}', which a store can't hold`);
    }
    lastModified = Math.max(lastModified, next.modified ?? header.modified);
    next = {};
  }
}

class TarReader {
  private readonly file: number;
  private readonly source: string;
  private readonly block = Buffer.alloc(blockSize);

  constructor(path: string, source: string) {
    this.file = openSync(fsPath(path), "r");
    this.source = source;
  }

  close(): void {
    closeSync(this.file);
  }

  bad(problem: string): StoreError {
    return new StoreError(`cannot unpack '${this.source}': ${problem}`);
  }

  /** The next header, undefined at the end; `size` replaces the one that it says. */
  header(size: number | undefined): Header | undefined {
    const { block } = this;
    const count = readSync(this.file, block, 0, blockSize, null);
    if (count === 0) return undefined;
    if (count < blockSize) throw this.bad("it is truncated");
    if (block.every((byte) => byte === 0)) return undefined;
    let sum = 8 * 32;
    for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
    if (sum !== this.number(148, 8)) throw this.bad("it is not a tar archive, or damaged");
    const isPosix = block.toString("latin1", 257, 263) === "ustar\0";
    const prefix = isPosix ? this.field(345, 155) : "";
    const name = this.field(0, 100);
    return {
      name: prefix === "" ? name : `${prefix}/${name}`,
      linkTarget: this.field(157, 100),
      type: String.fromCharCode(block[156]!),
      size: size ?? this.number(124, 12),
      modified: this.number(136, 12),
      executable: (this.number(100, 8) & 0o100) !== 0,
    };
  }

  text(size: number): string {
    let text = "";
    for (const chunk of this.contents(size)) text += chunk.toString("latin1");
    return text;
  }

  skip(size: number): void {
    for (const chunk of this.contents(size)) void chunk;
  }

  /** The contents of an entry, all of which must be taken; each chunk is good until the next. */
  *contents(size: number): Generator<Buffer, void> {
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, Math.max(size, blockSize)));
    let left = size;
    while (left > 0) {
      const count = readSync(this.file, buffer, 0, Math.min(left, buffer.length), null);
      if (count === 0) throw this.bad("it is truncated");
      left -= count;
      yield buffer.subarray(0, count);
    }
    const padding = (blockSize - (size % blockSize)) % blockSize;
    if (padding > 0 && readSync(this.file, buffer, 0, padding, null) < padding) {
      throw this.bad("it is truncated");
    }
  }

  private field(start: number, length: number): string {
    return untilNul(this.block.toString("latin1", start, start + length));
  }

  /** Octal digits, or big-endian bytes marked by the highest bit (GNU). */
  private number(start: number, length: number): number {
    if ((this.block[start]! & 0x80) !== 0) {
      let value = BigInt(this.block[start]! & 0x7f);
      for (let i = start + 1; i < start + length; i++) value = (value << 8n) | BigInt(this.block[i]!);
      return Number(value);
    }
    const digits = this.field(start, length).trim();
    if (!/^[0-7]*$/.test(digits)) throw this.bad("it is not a tar archive, or damaged");
    return digits === "" ? 0 : Number.parseInt(digits, 8);
  }
}

/** Where an archive is unpacked to. Nothing is ever written outside, not through links of the archive either. */
class Target {
  private readonly root: string;
  private readonly source: string;
  private readonly directories = new Set<string>();

  constructor(root: string, source: string) {
    this.root = root;
    this.source = source;
    mkdirSync(fsPath(root));
    this.directories.add(root);
  }

  directory(name: string): void {
    this.makeDirectories(this.components(name));
  }

  file(name: string, executable: boolean, contents: Iterable<Uint8Array>): void {
    const output = openSync(fsPath(this.place(name)), "wx", executable ? 0o755 : 0o644);
    try {
      for (const chunk of contents) writeSync(output, chunk);
    } finally {
      closeSync(output);
    }
  }

  symlink(name: string, target: string): void {
    symlinkSync(fsPath(target), fsPath(this.place(name)));
  }

  hardLink(name: string, existing: string): void {
    const components = this.components(existing);
    const parent = this.makeDirectories(components.slice(0, -1));
    linkSync(fsPath(`${parent}/${components.at(-1)}`), fsPath(this.place(name)));
  }

  /** Where an entry goes, with nothing there. */
  private place(name: string): string {
    const components = this.components(name);
    const last = components.pop();
    if (last === undefined) throw new StoreError(`cannot unpack '${this.source}': an entry has no name`);
    const path = `${this.makeDirectories(components)}/${last}`;
    rmSync(fsPath(path), { force: true });
    return path;
  }

  private components(name: string): string[] {
    const components = name.split("/").filter((component) => component !== "" && component !== ".");
    if (components.includes("..")) {
      throw new StoreError(`cannot unpack '${this.source}': '${name}' leads out of the archive`);
    }
    return components;
  }

  private makeDirectories(components: readonly string[]): string {
    let path = this.root;
    for (const component of components) {
      path = `${path}/${component}`;
      if (this.directories.has(path)) continue;
      const found = lstatSync(fsPath(path), { throwIfNoEntry: false });
      if (found !== undefined && !found.isDirectory()) {
        throw new StoreError(
          `cannot unpack '${this.source}': '${component}' is no directory, but has entries`,
        );
      }
      if (found === undefined) mkdirSync(fsPath(path));
      this.directories.add(path);
    }
    return path;
  }
}

/** Records of the form `<length> <key>=<value>\n`. */
function paxRecords(text: string): Override {
  const records: Override = {};
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(" ", at);
    const length = Number.parseInt(text.slice(at, space), 10);
    if (space < 0 || !(length > 0)) break;
    const record = text.slice(space + 1, at + length - 1);
    const equals = record.indexOf("=");
    const value = record.slice(equals + 1);
    switch (record.slice(0, equals)) {
      case "path":
        records.path = value;
        break;
      case "linkpath":
        records.linkpath = value;
        break;
      case "size":
        records.size = Number.parseInt(value, 10);
        break;
      case "mtime":
        records.modified = Math.floor(Number.parseFloat(value));
        break;
    }
    at += length;
  }
  return records;
}

function untilNul(text: string): string {
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}
