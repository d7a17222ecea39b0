/**
 * What the last deployment has missed, for `--resume`: the evaluated nodes and their store objects as they were, so that
 * the same systems are deployed whatever the network file says by then.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { EvaluatedNetwork } from "../../fleet/evaluated.ts";
import { makeDirectory } from "../../store/make-directory.ts";
import type { StoreObject, TreeNode } from "../../store/tree.ts";
import { StateError, writeState } from "./directory.ts";

const version = 1;

interface Saved {
  readonly version: number;
  readonly network: EvaluatedNetwork;
}

const place = (directory: string) => join(directory, "missed");

/**
 * Remembers the nodes that are not on their new systems; forgets all when there are none. Throws a StateError. The files
 * may be those of what was remembered before: that goes when the new is complete.
 */
export function rememberMissed(
  directory: string,
  network: EvaluatedNetwork,
  missed: ReadonlySet<string>,
): void {
  const nodes = network.nodes.filter(({ name }) => missed.has(name));
  try {
    if (nodes.length === 0) remove(place(directory));
    else keep(directory, { ...network, nodes });
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    throw new StateError(`what was missed can't be kept for --resume: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function keep(directory: string, network: EvaluatedNetwork): void {
  const { nodes } = network;
  const needed = new Set(nodes.flatMap(({ closure }) => closure));
  // What is built here needs all that it is built from.
  const all = nodes.some(({ source }) => source.type === "derivation");
  const objects = network.objects.filter(({ path }) => all || needed.has(path));
  makeDirectory(directory, 0o700);
  // Of this process alone: another one may be doing the same.
  const unfinished = mkdtempSync(`${place(directory)}.`);
  try {
    const copies = new Copies(join(unfinished, "files"), join(place(directory), "files"));
    const kept = objects.map((one) => copies.object(one));
    const saved: Saved = {
      version,
      network: { ...network, failures: [], warnings: [], objects: kept },
    };
    writeState(join(unfinished, "network"), serialize(saved));
    replace(place(directory), unfinished);
  } finally {
    remove(unfinished);
  }
}

/** To remove it takes longer than to rename it, and a process may be killed meanwhile. */
function replace(there: string, by: string): void {
  const old = `${by}.old`;
  if (existsSync(there)) renameSync(there, old);
  renameSync(by, there);
  remove(old);
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** The network of what was missed; undefined when nothing was. Throws a StateError. */
export function readMissed(directory: string): EvaluatedNetwork | undefined {
  const path = join(place(directory), "network");
  let contents: Buffer;
  try {
    contents = readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StateError(`${path} can't be read: ${(cause as Error).message}`, { cause });
  }
  const saved = parse(contents);
  if (saved?.version === version) return saved.network;
  throw new StateError(
    `${path} was written by another version of nixus; remove it and deploy without --resume`,
  );
}

/** Only we write it, so that its version says everything. */
function parse(contents: Buffer): Saved | undefined {
  try {
    return deserialize(contents) as Saved;
  } catch {
    return undefined;
  }
}

/** Files of this machine that store objects consist of may be others the next time. */
class Copies {
  private readonly directory: string;
  private readonly lasting: string;
  private count = 0;

  /** `directory` will be called `lasting`. */
  constructor(directory: string, lasting: string) {
    this.directory = directory;
    this.lasting = lasting;
  }

  object(object: StoreObject): StoreObject {
    return { ...object, tree: this.tree(object.tree) };
  }

  private tree(node: TreeNode): TreeNode {
    switch (node.type) {
      case "symlink":
        return node;
      case "directory":
        return {
          ...node,
          entries: new Map([...node.entries].map(([name, entry]) => [name, this.tree(entry)])),
        };
      case "regular": {
        if (node.contents instanceof Uint8Array) return node;
        const name = String(++this.count);
        makeDirectory(this.directory, 0o700);
        copyFileSync(node.contents.sourcePath, join(this.directory, name));
        return { ...node, contents: { sourcePath: join(this.lasting, name), size: node.contents.size } };
      }
    }
  }
}
