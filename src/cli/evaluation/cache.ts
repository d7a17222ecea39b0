/**
 * Where what is kept of evaluations (kept.ts) is on the disk: `$XDG_CACHE_HOME/nixus/evaluations`.
 * An entry that is not whole, not ours, or made by another version of this program is as if it weren't there.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { type FactsContext, holds, type ReadFact } from "../../lang/read-facts.ts";
import { version } from "../version.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Bytes of all entries together; the ones that were not used for longest go first. */
const mostBytes = 512 * 1024 * 1024;

const macSize = 32;

export class EvaluationCache {
  readonly context: FactsContext;
  private readonly directory: string;

  private constructor(directory: string, context: FactsContext) {
    this.directory = directory;
    this.context = context;
  }

  /** Undefined where there is no place for a cache that is ours alone. */
  static open(env: Environment): EvaluationCache | undefined {
    const base = env["XDG_CACHE_HOME"] || (env["HOME"] && join(env["HOME"], ".cache"));
    if (!base) return undefined;
    const directory = join(base, "nixus", "evaluations");
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const { uid, mode } = lstatSync(directory);
      if (uid !== process.getuid?.() || (mode & 0o077) !== 0) return undefined;
      const key = keyIn(directory);
      return new EvaluationCache(directory, { env, key, now: Math.floor(Date.now() / 1000) });
    } catch {
      return undefined;
    }
  }

  /** What was written for this question; whether it can be used, its facts tell. */
  read<T>(question: unknown): T | undefined {
    try {
      const file = readFileSync(this.pathOf(question));
      const payload = file.subarray(macSize);
      const isOurs = file.length > macSize && timingSafeEqual(file.subarray(0, macSize), this.mac(payload));
      return isOurs ? (deserialize(payload) as T) : undefined;
    } catch {
      return undefined;
    }
  }

  holds(fact: ReadFact): boolean {
    return holds(fact, this.context);
  }

  /** The entry was of use: others go before it. */
  used(question: unknown): void {
    const now = new Date();
    try {
      utimesSync(this.pathOf(question), now, now);
    } catch {
      // Another process may have removed it meanwhile.
    }
  }

  /** `value` is structured-cloneable. A cache that can't be written is no failure. */
  write<T>(question: unknown, value: T): void {
    const path = this.pathOf(question);
    const unfinished = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      const payload = serialize(value);
      writeFileSync(unfinished, Buffer.concat([this.mac(payload), payload]), { mode: 0o600 });
      renameSync(unfinished, path);
      this.prune();
    } catch {
      rmSync(unfinished, { force: true });
    }
  }

  private pathOf(question: unknown): string {
    const text = JSON.stringify([program(), this.context.env["NIX_PATH"] ?? null, question]);
    return join(this.directory, createHmac("sha256", this.context.key).update(text).digest("hex"));
  }

  private mac(payload: Uint8Array): Buffer {
    return createHmac("sha256", this.context.key).update(payload).digest();
  }

  private prune(): void {
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

const keyName = "key";

/** The key of this cache: made once, never anywhere else. */
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

/** This program, as it is now: its version, and its files, which change without it while it is developed. */
function program(): string {
  known ??= programDigest();
  return known;
}

let known: string | undefined;

function programDigest(): string {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const hash = createHash("sha256").update(`${version} ${process.version}`);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { size, mtimeMs } = statSync(join(entry.parentPath, entry.name));
    hash.update(`${entry.parentPath}/${entry.name} ${size} ${mtimeMs}\n`);
  }
  // Packages that it uses, as npm has noted them: in a folder of its own, or beside it where it is itself a package.
  for (const packages of ["../node_modules/.package-lock.json", "../../.package-lock.json"]) {
    const stats = statSync(join(root, packages), { throwIfNoEntry: false });
    if (stats !== undefined) hash.update(`${packages} ${stats.size} ${stats.mtimeMs}\n`);
  }
  return hash.digest("hex");
}
