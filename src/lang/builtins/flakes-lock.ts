/**
 * Which tree each input of a flake is, directly and indirectly: as the lock file has it where that still fits what
 * the flakes say, fetched as it is now where it doesn't. Nothing is written.
 */
import { splitStorePath } from "../../store/store-path.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { resolvePath } from "../eval/paths.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import type { FetchedInput } from "../fetch/fetch-input.ts";
import { type FlakeRef, parseFlakeRef, printFlakeRef, sameFlakeRef } from "../fetch/flake-ref.ts";
import { isLocked, relativePath } from "../fetch/input.ts";
import { noPos } from "../syntax/positions.ts";
import {
  findInput,
  type InputPath,
  isFollows,
  type LockedNode,
  type LockNode,
  parseLockFile,
  sameLocks,
} from "./flakes-lock-file.ts";
import type { Flake, FlakeInput, FlakeReader } from "./flakes-read.ts";

/** A tree that was fetched while locking, and where in it the flake is. */
export interface NodeSource {
  readonly source: FetchedInput;
  readonly directory: string;
}

export interface LockedFlake {
  readonly root: LockNode;
  /** What was fetched already; other nodes are when they are used. */
  readonly sources: ReadonlyMap<LockNode, NodeSource>;
  readonly reader: FlakeReader;
  /** The lock file is not what it would have to be. */
  readonly isDirty: boolean;
}

export function lockFlake(evaluator: Evaluator, reader: FlakeReader, ref: FlakeRef): LockedFlake {
  const flake = reader.get(ref, []);
  const shown = asNixErrors("eval", () => printFlakeRef(ref));
  try {
    const locker = new Locker(evaluator, reader);
    const old = locker.readLocks(flake.directory);
    const root: LockNode = { inputs: new Map() };
    locker.sources.set(root, flake);
    locker.lock({
      inputs: flake.inputs,
      node: root,
      path: [],
      old,
      followsPrefix: [],
      directory: flake.directory,
      trustLock: false,
    });
    checkFollows(root, root, []);
    const isDirty = !sameLocks(root, old);
    if (isDirty) {
      evaluator.host.message("warning", `not writing modified lock file of flake '${shown}'`);
    }
    return { root, sources: locker.sources, reader, isDirty };
  } catch (error) {
    if (error instanceof NixError) error.addTrace(noPos, `while updating the lock file of flake '${shown}'`);
    throw error;
  }
}

/** Fails when an input follows one that there is not. */
function checkFollows(root: LockNode, node: LockNode, path: InputPath): void {
  for (const [name, edge] of node.inputs) {
    const at = [...path, name];
    if (!isFollows(edge)) checkFollows(root, edge, at);
    else if (findInput(root, edge) === undefined) {
      throw new NixError("eval", `input '${at.join("/")}' follows a non-existent input '${edge.join("/")}'`);
    }
  }
}

/** What a flake says of an input of an input. */
interface Override {
  readonly input: FlakeInput;
  /** Of the flake that says so. */
  readonly directory: string;
  readonly parent: InputPath;
}

interface LockTask {
  /** From the `flake.nix`, or what the lock file knows of them. */
  readonly inputs: ReadonlyMap<string, FlakeInput>;
  /** Gets the inputs. */
  readonly node: LockNode;
  readonly path: InputPath;
  readonly old: LockNode | undefined;
  /** What `follows` in the old locks are relative to. */
  readonly followsPrefix: InputPath;
  /** Of the flake. */
  readonly directory: string;
  /** What the lock file says of inputs of inputs stands, without a look at what their flakes say. */
  readonly trustLock: boolean;
}

class Locker {
  readonly sources = new Map<LockNode, NodeSource>();
  private readonly evaluator: Evaluator;
  private readonly reader: FlakeReader;
  private readonly overrides = new Map<string, Override>();
  /** The flakes that are being locked, outermost first. */
  private readonly parents: FlakeRef[] = [];

  constructor(evaluator: Evaluator, reader: FlakeReader) {
    this.evaluator = evaluator;
    this.reader = reader;
  }

  readLocks(directory: string): LockNode {
    const { host } = this.evaluator;
    const file = `${directory}/flake.lock`;
    if (host.fileType(file) === undefined) return { inputs: new Map() };
    return parseLockFile(host.readFile(file), file, (message) => host.message("warning", message));
  }

  lock(task: LockTask): void {
    for (const [name, input] of task.inputs) this.addOverrides(input, [...task.path, name], task);
    this.warnOfStrayOverrides(task);
    const names = [...task.inputs.keys()].sort();
    for (const name of names) {
      const path = [...task.path, name];
      try {
        this.lockInput(name, path, task);
      } catch (error) {
        if (error instanceof NixError)
          error.addTrace(noPos, `while updating the flake input '${path.join("/")}'`);
        throw error;
      }
    }
  }

  /** Those of outer flakes come first, and stay. */
  private addOverrides(input: FlakeInput, path: InputPath, task: LockTask): void {
    for (const [name, override] of input.overrides) {
      const key = [...path, name].join("/");
      const says = override.ref !== undefined || override.follows !== undefined;
      if (says && !this.overrides.has(key)) {
        this.overrides.set(key, { input: override, directory: task.directory, parent: task.path });
      }
      this.addOverrides(override, [...path, name], task);
    }
  }

  private warnOfStrayOverrides({ path, inputs }: LockTask): void {
    for (const key of this.overrides.keys()) {
      const names = key.split("/");
      const name = names.pop()!;
      if (names.join("/") !== path.join("/") || inputs.has(name)) continue;
      this.evaluator.host.message(
        "warning",
        `input '${path.join("/")}' has an override for a non-existent input '${name}'`,
      );
    }
  }

  private lockInput(name: string, path: InputPath, task: LockTask): void {
    const own = task.inputs.get(name)!;
    const override = this.overrides.get(path.join("/"));
    const input = override === undefined ? own : { ...override.input, isFlake: own.isFlake };
    if (input.follows !== undefined) {
      task.node.inputs.set(name, input.follows);
      return;
    }
    const ref = input.ref ?? asNixErrors("eval", () => parseFlakeRef(`flake:${name}`));
    const isRelative = asNixErrors("eval", () => relativePath(ref.input)) !== undefined;
    const wanted: Wanted = {
      ref,
      path,
      isFlake: input.isFlake,
      parent: isRelative ? (override?.parent ?? task.path) : undefined,
      directory: override?.directory ?? task.directory,
    };
    const old = task.old?.inputs.get(name);
    const fits =
      old !== undefined &&
      !isFollows(old) &&
      asNixErrors("eval", () => sameFlakeRef(old.original, ref)) &&
      old.parent?.join("/") === wanted.parent?.join("/");
    task.node.inputs.set(name, fits ? this.keep(old, wanted, task) : this.fetch(wanted));
  }

  /** An input that is locked already. Its flake is fetched only where the lock file can't tell what its inputs are. */
  private keep(old: LockedNode, wanted: Wanted, task: LockTask): LockedNode {
    const node: LockedNode = { ...old, inputs: new Map() };
    const known = this.knownInputs(old, wanted.path, task);
    const { path } = wanted;
    const common = { node, path, old, followsPrefix: task.followsPrefix };
    if (known !== undefined) {
      this.lock({ ...common, inputs: known, directory: task.directory, trustLock: true });
      return node;
    }
    const flake = this.read({ ...wanted, ref: old.locked }, true);
    this.sources.set(node, flake);
    this.lock({ ...common, inputs: flake.inputs, directory: flake.directory, trustLock: false });
    return node;
  }

  /** The inputs of a locked input, as the lock file has them; undefined when its flake may say otherwise by now. */
  private knownInputs(
    old: LockedNode,
    path: InputPath,
    { followsPrefix, trustLock }: LockTask,
  ): ReadonlyMap<string, FlakeInput> | undefined {
    const inputs = new Map<string, FlakeInput>();
    const overrides = new Map();
    for (const [name, edge] of old.inputs) {
      if (!isFollows(edge)) {
        inputs.set(name, { ref: edge.original, isFlake: edge.isFlake, follows: undefined, overrides });
        continue;
      }
      if (!trustLock && !this.overrides.has([...path, name].join("/"))) return undefined;
      inputs.set(name, { ref: undefined, isFlake: true, follows: [...followsPrefix, ...edge], overrides });
    }
    return inputs;
  }

  /** A new input, as it is now. */
  private fetch(wanted: Wanted): LockedNode {
    const { ref, path, isFlake, parent } = wanted;
    const isFixed = parent !== undefined || asNixErrors("eval", () => isLocked(ref.input));
    if (this.evaluator.settings.pureEval && !isFixed) {
      throw new NixError("eval", `cannot update unlocked flake input '${path.join("/")}' in pure mode`);
    }
    if (!isFlake) {
      const tree = this.tree(wanted);
      const node = nodeOf(wanted, tree.source);
      this.sources.set(node, tree);
      return node;
    }
    const flake = this.read(wanted, false);
    const node = nodeOf(wanted, flake.source);
    this.sources.set(node, flake);
    const loop = this.parents.find((each) => asNixErrors("eval", () => sameFlakeRef(each, ref)));
    if (loop !== undefined) {
      const shown = asNixErrors("eval", () => printFlakeRef(loop));
      throw new NixError("eval", `found circular import of flake '${shown}'`);
    }
    this.parents.push(ref);
    this.lock({
      inputs: flake.inputs,
      node,
      path,
      old: this.readLocks(flake.directory),
      followsPrefix: path,
      directory: flake.directory,
      trustLock: false,
    });
    this.parents.pop();
    return node;
  }

  private read(wanted: Wanted, final: boolean): Flake {
    const relative = wanted.parent === undefined ? undefined : this.tree(wanted);
    if (relative === undefined) return this.reader.get(wanted.ref, wanted.path, final);
    const directory = resolvePath(relative.directory, wanted.ref.subdirectory || ".");
    return this.reader.read(wanted.ref, relative.source, directory, wanted.path);
  }

  /** The tree of an input; a relative one is in that of its parent. */
  private tree({ ref, parent, directory }: Wanted): NodeSource {
    if (parent === undefined) {
      const source = this.reader.fetch(ref);
      return { source, directory: resolvePath(source.storePath, ref.subdirectory || ".") };
    }
    const { object } = asNixErrors("eval", () => splitStorePath(directory));
    const relative = asNixErrors("eval", () => relativePath(ref.input)) || ".";
    return {
      source: { storePath: object.path, input: ref.input, revCount: undefined },
      directory: resolvePath(directory, relative),
    };
  }
}

interface Wanted {
  readonly ref: FlakeRef;
  readonly path: InputPath;
  readonly isFlake: boolean;
  /** Set when the reference is relative. */
  readonly parent: InputPath | undefined;
  /** What a relative reference starts from. */
  readonly directory: string;
}

function nodeOf({ ref, isFlake, parent }: Wanted, { input }: FetchedInput): LockedNode {
  return {
    inputs: new Map(),
    locked: { input, subdirectory: ref.subdirectory },
    original: ref,
    isFlake,
    parent,
  };
}
