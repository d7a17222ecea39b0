/** The value of a flake: its outputs, called with its inputs, and what is known of its tree. */
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { updateAttrs } from "../eval/update.ts";
import { Attrs, force, lazy, NixString, type Slot, type Value } from "../eval/value.ts";
import { relativePath } from "../fetch/input.ts";
import { noPos } from "../syntax/positions.ts";
import { treeAttrs } from "./fetch-tree.ts";
import type { LockedFlake, NodeSource } from "./flakes-lock.ts";
import { findInput, type InputPath, isFollows, type LockedNode, type LockNode } from "./flakes-lock-file.ts";

/** What the language sees of a node; all of it is computed when it is asked for. */
interface NodeValue {
  readonly sourceInfo: Slot;
  /** The directory of the flake, a string that refers to the tree. */
  readonly outPath: Slot;
  readonly result: Slot;
}

export function callFlake(evaluator: Evaluator, locked: LockedFlake): Value {
  return force(new Caller(evaluator, locked).node(locked.root).result);
}

class Caller {
  private readonly evaluator: Evaluator;
  private readonly locked: LockedFlake;
  private readonly values = new Map<LockNode, NodeValue>();

  constructor(evaluator: Evaluator, locked: LockedFlake) {
    this.evaluator = evaluator;
    this.locked = locked;
  }

  node(node: LockNode): NodeValue {
    let value = this.values.get(node);
    if (value === undefined) {
      value = this.makeNode(node);
      this.values.set(node, value);
    }
    return value;
  }

  private makeNode(node: LockNode): NodeValue {
    const sourceInfo = lazy(() => this.sourceInfo(node));
    const outPath = lazy(() => this.outPath(node, sourceInfo));
    const result: Slot = lazy(() =>
      "locked" in node && !(node as LockedNode).isFlake
        ? updateAttrs(
            this.attrs(sourceInfo),
            Attrs.fromEntries([
              ["sourceInfo", sourceInfo],
              ["outPath", outPath],
            ]),
          )
        : this.call(node, sourceInfo, outPath, result),
    );
    return { sourceInfo, outPath, result };
  }

  private call(node: LockNode, sourceInfo: Slot, outPath: Slot, self: Slot): Value {
    const file = `${this.text(outPath)}/flake.nix`;
    const flake = this.attrs(
      this.evaluator.importFile(this.evaluator.coerceToPath(file, noPos, "a flake", new Set())),
    );
    const inputs = Attrs.fromEntries(
      [...node.inputs].map(([name, edge]): [string, Slot] => [
        name,
        isFollows(edge) ? lazy(() => force(this.followed(edge).result)) : this.node(edge).result,
      ]),
    );
    const fn = flake.getByName("outputs");
    if (fn === undefined) throw new NixError("missingAttribute", "attribute 'outputs' missing");
    const outputs = this.evaluator.forceAttrs(
      this.evaluator.call(fn, updateAttrs(inputs, Attrs.fromEntries([["self", self]]))),
      noPos,
      `the outputs of the flake '${file}'`,
    );
    return updateAttrs(
      updateAttrs(outputs, this.attrs(sourceInfo)),
      Attrs.fromEntries([
        ["outPath", outPath],
        ["inputs", inputs],
        ["outputs", outputs],
        ["sourceInfo", sourceInfo],
        ["_type", "flake"],
      ]),
    );
  }

  private followed(path: InputPath): NodeValue {
    const node = findInput(this.locked.root, path);
    if (node === undefined) throw new NixError("eval", `there is no flake input '${path.join("/")}'`);
    return this.node(node);
  }

  private sourceInfo(node: LockNode): Value {
    const { root, sources, reader, isDirty } = this.locked;
    const known = sources.get(node);
    if (known !== undefined) return treeAttrs(known.source, { isDirty: node === root && isDirty });
    const { locked, parent } = node as LockedNode;
    if (parent !== undefined) return force(this.followed(parent).sourceInfo);
    return treeAttrs(reader.fetch(locked, true));
  }

  private outPath(node: LockNode, sourceInfo: Slot): Value {
    const known = this.locked.sources.get(node);
    const base = this.attrs(sourceInfo).getByName("outPath")!;
    if (known !== undefined) return below(force(base), subdirectoryOf(known));
    const { locked, parent } = node as LockedNode;
    if (parent === undefined) return below(force(base), locked.subdirectory);
    const path = asNixErrors("eval", () => relativePath(locked.input)) ?? "";
    return below(below(force(this.followed(parent).outPath), path), locked.subdirectory);
  }

  private attrs(slot: Slot): Attrs {
    return this.evaluator.forceAttrs(slot, noPos, "a flake");
  }

  private text(slot: Slot): string {
    return this.evaluator.forceString(slot, noPos, "the path of a flake", new Set());
  }
}

function subdirectoryOf({ source, directory }: NodeSource): string {
  return directory.slice(source.storePath.length + 1);
}

function below(base: Value, path: string): Value {
  if (path === "") return base;
  return base instanceof NixString ? new NixString(`${base.text}/${path}`, base.context) : base;
}
