/**
 * Directories of the user's cache in which only this program finds what it has written itself: `$XDG_CACHE_HOME/nixus/NAME`.
 * They are the user's alone, and every entry carries a digest keyed with a random key of the directory: one that is not
 * whole, or not from here, is as if it weren't there. What can't be written is no failure.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../store/make-directory.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

const macSize = 32;

const keyName = "key";

export class PrivateCache {
  /** Never anywhere else than here. */
  readonly key: Buffer;
  private readonly directory: string;

  private constructor(directory: string, key: Buffer) {
    this.directory = directory;
    this.key = key;
  }

  /** Undefined where there is no place for a cache that is ours alone. */
  static open(env: Environment, name: string): PrivateCache | undefined {
    const base = env["XDG_CACHE_HOME"] || (env["HOME"] && join(env["HOME"], ".cache"));
    if (!base) return undefined;
    const directory = join(base, "nixus", name);
    try {
      makeDirectory(directory, 0o700);
      const { uid, mode } = lstatSync(directory);
      if (uid !== process.getuid?.() || (mode & 0o077) !== 0) return undefined;
      return new PrivateCache(directory, keyIn(directory));
    } catch {
      return undefined;
    }
  }

  /** What was written for this question. */
  read(question: string): Buffer | undefined {
    try {
      const file = readFileSync(this.pathOf(question));
      const payload = file.subarray(macSize);
      const isOurs = file.length > macSize && timingSafeEqual(file.subarray(0, macSize), this.mac(payload));
      return isOurs ? payload : undefined;
    } catch {
      return undefined;
    }
  }

  /** The entry was of use: others go before it. */
  used(question: string): void {
    const now = new Date();
    try {
      utimesSync(this.pathOf(question), now, now);
    } catch {
      // Another process may have removed it meanwhile.
    }
  }

  /** Whole or not at all. Of all entries `mostBytes` may stay; the ones that were not used for longest go first. */
  write(question: string, payload: Uint8Array, mostBytes: number): void {
    const path = this.pathOf(question);
    const unfinished = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      writeFileSync(unfinished, Buffer.concat([this.mac(payload), payload]), { mode: 0o600 });
      renameSync(unfinished, path);
      this.prune(mostBytes);
    } catch {
      rmSync(unfinished, { force: true });
    }
  }

  private pathOf(question: string): string {
    return join(this.directory, createHmac("sha256", this.key).update(question).digest("hex"));
  }

  private mac(payload: Uint8Array): Buffer {
    return createHmac("sha256", this.key).update(payload).digest();
  }

  private prune(mostBytes: number): void {
    const entries = readdirSync(this.directory)
      .filter((name) => name !== keyName)
      .map((name) => ({ path: join(this.directory, name), ...usage(join(this.directory, name)) }))
      .sort((a, b) => b.used - a.used);
    let total = 0;
    for (const { path, size } of entries) {
      total += size;
      if (total > mostBytes) rmSync(path, { force: true });
    }
  }
}

function usage(path: string): { readonly size: number; readonly used: number } {
  const stats = statSync(path, { throwIfNoEntry: false });
  return { size: stats?.size ?? 0, used: stats?.mtimeMs ?? 0 };
}

/** Made once. */
function keyIn(directory: string): Buffer {
  const path = join(directory, keyName);
  try {
    writeFileSync(path, randomBytes(32), { mode: 0o600, flag: "wx" });
  } catch {
    // It is there.
  }
  const key = readFileSync(path);
  if (key.length !== 32) {
    rmSync(path);
    throw new Error(`${path} is not a key`);
  }
  return key;
}
