/**
 * The worker protocol's bytes: little-endian 64-bit integers, and strings padded to 8 bytes. Strings are ordinary
 * text, except that what is not UTF-8 becomes U+FFFD; store paths, hashes and signatures are ASCII.
 */
import { DaemonDisconnected, DaemonProtocolError } from "./errors.ts";

const word = 8;

function paddingOf(size: number): number {
  return (word - (size % word)) % word;
}

/** Collects a message. */
export class WireWriter {
  private readonly parts: Uint8Array[] = [];

  integer(value: number | bigint): this {
    const bytes = Buffer.alloc(word);
    bytes.writeBigUInt64LE(BigInt(value));
    this.parts.push(bytes);
    return this;
  }

  boolean(value: boolean): this {
    return this.integer(value ? 1 : 0);
  }

  string(text: string): this {
    return this.bytes(Buffer.from(text, "utf8"));
  }

  bytes(bytes: Uint8Array): this {
    this.integer(bytes.length);
    this.parts.push(bytes, Buffer.alloc(paddingOf(bytes.length)));
    return this;
  }

  strings(texts: Iterable<string>): this {
    const all = [...texts];
    this.integer(all.length);
    for (const text of all) this.string(text);
    return this;
  }

  take(): Buffer {
    return Buffer.concat(this.parts.splice(0));
  }
}

/** Reads from a stream, which it has for itself. Fails with DaemonDisconnected where the stream ends too early. */
export class WireReader {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private chunk: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.iterator = stream[Symbol.asyncIterator]();
  }

  async integer(): Promise<number> {
    const value = (await this.exactly(word)).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new DaemonProtocolError(`the Nix daemon sent the integer ${value}, which is too large`);
    }
    return Number(value);
  }

  /** An integer that only identifies something. */
  async identifier(): Promise<bigint> {
    return (await this.exactly(word)).readBigUInt64LE();
  }

  async boolean(): Promise<boolean> {
    return (await this.identifier()) !== 0n;
  }

  async string(): Promise<string> {
    const size = await this.integer();
    if (size > maxString) {
      throw new DaemonProtocolError(`the Nix daemon sent a string of ${size} bytes, which is too long`);
    }
    const bytes = await this.exactly(size + paddingOf(size));
    return bytes.toString("utf8", 0, size);
  }

  async strings(): Promise<string[]> {
    const texts: string[] = [];
    let size = 0;
    for (let left = await this.count(); left > 0; left--) {
      const text = await this.string();
      size += text.length;
      if (size > maxList) {
        throw new DaemonProtocolError(
          `the Nix daemon sent a list of more than ${maxList} bytes, which is too long`,
        );
      }
      texts.push(text);
    }
    return texts;
  }

  /** How many parts of a list follow. */
  async count(): Promise<number> {
    const count = await this.integer();
    if (count > maxCount) {
      throw new DaemonProtocolError(`the Nix daemon sent a list of ${count} parts, which is too long`);
    }
    return count;
  }

  /** The next `size` bytes, in chunks as they come. */
  async *chunks(size: number): AsyncGenerator<Buffer, void> {
    for (let left = size; left > 0; ) {
      if (this.at === this.chunk.length) await this.fill();
      const taken = this.chunk.subarray(this.at, this.at + left);
      this.at += taken.length;
      left -= taken.length;
      yield taken;
    }
  }

  private async exactly(size: number): Promise<Buffer> {
    if (this.chunk.length - this.at >= size) {
      const taken = this.chunk.subarray(this.at, this.at + size);
      this.at += size;
      return taken;
    }
    const parts: Buffer[] = [];
    for await (const chunk of this.chunks(size)) parts.push(chunk);
    return Buffer.concat(parts);
  }

  private async fill(): Promise<void> {
    let next: IteratorResult<Uint8Array>;
    try {
      next = await this.iterator.next();
    } catch (cause) {
      throw new DaemonDisconnected("the connection to the Nix daemon was lost", { cause });
    }
    if (next.done) throw new DaemonDisconnected("the Nix daemon ended the connection");
    const { buffer, byteOffset, byteLength } = next.value;
    this.chunk = Buffer.from(buffer, byteOffset, byteLength);
    this.at = 0;
  }
}

/** Log lines, error messages and file names are far below this; more means that the two sides are out of step. */
const maxString = 64 * 1024 * 1024;

/** Of a list: a closure of some hundred thousand paths is far below these. */
const maxCount = 4 * 1024 * 1024;
const maxList = maxString;
