/** Code that V8 has compiled of the threads' programs, kept from one command to the next: `$XDG_CACHE_HOME/nixus/code`. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Environment, PrivateCache } from "../private-cache.ts";
import type { Compiled } from "./thread-data.ts";

/** Bytes of all entries together; each is less than 2 MB, and there are a few for each version of Nixus and Node. */
const mostBytes = 32 * 1024 * 1024;

export class CompiledCode {
  private readonly entries: PrivateCache;
  private readonly question: string;

  private constructor(entries: PrivateCache, question: string) {
    this.entries = entries;
    this.question = question;
  }

  /** Of the program in this file, run with these flags of V8. Undefined where there is no place to keep it. */
  static of(env: Environment, program: string, flags: readonly string[]): CompiledCode | undefined {
    const entries = PrivateCache.open(env, "code");
    if (entries === undefined) return undefined;
    // V8 itself only compares the length of the text, its version and the flags.
    const digest = createHash("sha256").update(readFileSync(program)).digest("hex");
    return new CompiledCode(entries, JSON.stringify([digest, process.version, process.arch, flags]));
  }

  read(): Compiled | undefined {
    const entry = this.entries.read(this.question);
    return entry && { after: entry.readDoubleLE(0), code: entry.subarray(8) };
  }

  write({ after, code }: Compiled): void {
    const entry = Buffer.alloc(8 + code.length);
    entry.writeDoubleLE(after, 0);
    entry.set(code, 8);
    this.entries.write(this.question, entry, mostBytes);
  }
}
