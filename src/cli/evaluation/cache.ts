/**
 * Where what is kept of evaluations (kept.ts) is on the disk: `$XDG_CACHE_HOME/nixus/evaluations`.
 * An entry of another version of this program is as if it weren't there.
 */
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { type FactsContext, holds, type ReadFact } from "../../lang/read-facts.ts";
import { type Environment, PrivateCache } from "../private-cache.ts";
import { version } from "../version.ts";

/** Bytes of all entries together. */
const mostBytes = 512 * 1024 * 1024;

export class EvaluationCache {
  readonly context: FactsContext;
  private readonly entries: PrivateCache;

  private constructor(entries: PrivateCache, env: Environment) {
    this.entries = entries;
    this.context = { env, key: entries.key, now: Math.floor(Date.now() / 1000) };
  }

  /** Undefined where there is no place for a cache that is ours alone. */
  static open(env: Environment): EvaluationCache | undefined {
    const entries = PrivateCache.open(env, "evaluations");
    return entries && new EvaluationCache(entries, env);
  }

  /** What was written for this question; whether it can be used, its facts tell. */
  read<T>(question: unknown): T | undefined {
    const payload = this.entries.read(this.textOf(question));
    try {
      return payload && (deserialize(payload) as T);
    } catch {
      return undefined;
    }
  }

  holds(fact: ReadFact): boolean {
    return holds(fact, this.context);
  }

  /** The entry was of use: others go before it. */
  used(question: unknown): void {
    this.entries.used(this.textOf(question));
  }

  /** `value` is structured-cloneable. A cache that can't be written is no failure. */
  write<T>(question: unknown, value: T): void {
    let payload: Buffer;
    try {
      payload = serialize(value);
    } catch {
      return;
    }
    this.entries.write(this.textOf(question), payload, mostBytes);
  }

  private textOf(question: unknown): string {
    return JSON.stringify([program(), this.context.env["NIX_PATH"] ?? null, question]);
  }
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
