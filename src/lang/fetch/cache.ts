/**
 * What was fetched, kept on disk:
 *
 * - `objects/<digest>-<name>`: contents of store objects, complete once they are there;
 * - `origins/<SHA-256>.json`: what something that may be asked for gave, e.g. a URL or a revision.
 */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fromText, toText } from "../../store/bytes.ts";
import { fsPath, readChunksSync } from "../../store/file-chunks.ts";
import { type Hash, hashOfChunks, printHash, sha256Hex } from "../../store/hash.ts";
import { makeDirectory } from "../../store/make-directory.ts";
import { hashNar } from "../../store/nar.ts";
import { readTree } from "../../store/read-tree.ts";
import type { Checked, LazySchema } from "../../store/schema.ts";
import { fixedOutputPath, storeDir } from "../../store/store-path.ts";
import { systemErrorCode, withSystemErrors } from "../../store/system-error.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";

export type Method = "flat" | "nar";

export class FetchCache {
  /** Created when it's needed; a byte string. */
  readonly directory: string;
  readonly store: VirtualStore;

  constructor(directory: string, store: VirtualStore) {
    this.directory = directory;
    this.store = store;
  }

  /** Runs something with a directory of its own in the cache, which is gone afterwards. */
  withTemporaryDirectory<T>(run: (directory: string) => T): T {
    const work = withSystemErrors("creating directory", this.directory, () => {
      makeDirectory(fsPath(this.directory));
      return fromText(mkdtempSync(`${toText(this.directory)}/tmp-`));
    });
    try {
      return run(work);
    } finally {
      rmSync(fsPath(work), { recursive: true, force: true });
    }
  }

  /** Moves finished contents into the cache, and makes them an object of the store. */
  keep(contents: string, method: Method, name: string): { readonly storePath: string; readonly hash: Hash } {
    const hash: Hash =
      method === "flat"
        ? hashOfChunks("sha256", readChunksSync(contents, statSync(fsPath(contents)).size))
        : { algorithm: "sha256", bytes: hashNar(readTree(contents, { inMemoryLimit: 0 })).hash };
    const storePath = fixedOutputPath(name, method, hash);
    try {
      makeDirectory(fsPath(`${this.directory}/objects`));
      renameSync(fsPath(contents), fsPath(this.objectFile(storePath)));
    } catch (error) {
      // Another process was faster, and has put there the same.
      const code = systemErrorCode(error);
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    }
    this.mount(storePath, method);
    return { storePath, hash };
  }

  /** Makes an object of the cache one of the store; false when the cache doesn't have it. */
  mount(storePath: string, method: Method): boolean {
    const file = this.objectFile(storePath);
    if (!existsSync(fsPath(file))) return false;
    this.store.mount(storePath, file, method);
    return true;
  }

  private objectFile(storePath: string): string {
    return `${this.directory}/objects/${storePath.slice(storeDir.length + 1)}`;
  }

  /** What was noted under this key; undefined also when the note is damaged, which is no reason to fail. */
  read<L extends LazySchema>(key: readonly string[], schema: L): Checked<L> | undefined {
    const file = this.originFile(key);
    if (!existsSync(fsPath(file))) return undefined;
    try {
      return schema().parse(JSON.parse(readFileSync(fsPath(file), "utf8"))) as Checked<L>;
    } catch {
      return undefined;
    }
  }

  /** Notes plain data, whole or not at all. */
  write(key: readonly string[], value: object): void {
    this.withTemporaryDirectory((work) => {
      makeDirectory(fsPath(`${this.directory}/origins`));
      writeFileSync(fsPath(`${work}/origin`), JSON.stringify(value));
      renameSync(fsPath(`${work}/origin`), fsPath(this.originFile(key)));
    });
  }

  private originFile(key: readonly string[]): string {
    return `${this.directory}/origins/${sha256Hex(key.join("\0"))}.json`;
  }
}

/** The SHA-256 of an archive as inputs and lock files have it: SRI. */
export function printNarHash(sha256: Uint8Array): string {
  return printHash({ algorithm: "sha256", bytes: sha256 }, "sri", true);
}
