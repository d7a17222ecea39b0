/** The derivations that a value consists of, as `nix-instantiate` and `nix-env` collect them. */

import { isDerivation } from "../../lang/eval/equality.ts";
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { asNixErrors } from "../../lang/eval/store-errors.ts";
import { Attrs, force, type Slot } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { intern } from "../../lang/syntax/symbols.ts";
import { derivationExtension, parseStorePath } from "../../store/store-path.ts";
import { autoCall } from "./select.ts";

export interface FoundDerivation {
  /** Store path of the `.drv`. */
  readonly path: string;
  readonly output: string;
}

/** In the order of the attributes' names. Sets inside of sets count when they have `recurseForDerivations`. */
export function findDerivations(evaluator: Evaluator, args: Attrs, slot: Slot): FoundDerivation[] {
  const search = new Search(evaluator, args);
  search.visit(slot);
  return search.found.map((attrs) => describe(evaluator, attrs));
}

class Search {
  readonly found: Attrs[] = [];
  private readonly evaluator: Evaluator;
  private readonly args: Attrs;
  private readonly seen = new Set<Attrs>();

  constructor(evaluator: Evaluator, args: Attrs) {
    this.evaluator = evaluator;
    this.args = args;
  }

  visit(slot: Slot): void {
    const value = autoCall(this.evaluator, this.args, slot);
    if (this.take(value)) return;
    if (value instanceof Attrs) this.visitSet(value);
    else if (Array.isArray(value)) {
      for (const element of value as readonly Slot[]) if (!this.take(element)) this.visit(element);
    } else {
      const message = "expression does not evaluate to a derivation (or a set or list of those)";
      throw new NixError("type", message);
    }
  }

  /** Whether it is a derivation, and so nothing to look into. */
  private take(slot: Slot): boolean {
    const value = force(slot);
    if (!(value instanceof Attrs) || !isDerivation(value)) return false;
    if (this.seen.has(value)) return true;
    this.seen.add(value);
    requireName(this.evaluator, value);
    this.found.push(value);
    return true;
  }

  private visitSet(attrs: Attrs): void {
    const combinesChannels = attrs.getByName("_combineChannels") !== undefined;
    for (const [name, slot] of attrs.entries()) {
      if (!/^[A-Za-z_][A-Za-z0-9_+-]*$/.test(name)) continue;
      try {
        if (combinesChannels || (!this.take(slot) && this.recursesInto(slot))) this.visit(slot);
      } catch (error) {
        if (error instanceof NixError) {
          error.addTrace(attrs.positionOf(intern(name)), `while evaluating the attribute '${name}'`);
        }
        throw error;
      }
    }
  }

  private recursesInto(slot: Slot): boolean {
    const value = force(slot);
    const flag = value instanceof Attrs ? value.getByName("recurseForDerivations") : undefined;
    if (flag === undefined) return false;
    return this.evaluator.forceBool(flag, noPos, "the attribute `recurseForDerivations`");
  }
}

function requireName(evaluator: Evaluator, attrs: Attrs): void {
  const name = attrs.getByName("name");
  if (name === undefined) throw new NixError("type", "derivation name missing");
  evaluator.forceString(name, noPos, "the 'name' attribute of a derivation", undefined);
}

function describe(evaluator: Evaluator, attrs: Attrs): FoundDerivation {
  const path = derivationPath(evaluator, attrs);
  const name = attrs.getByName("outputName");
  const what = "the output name of a derivation";
  const output = name === undefined ? "" : evaluator.forceString(name, noPos, what, undefined);
  if (output === "") throw new NixError("eval", `derivation '${path}' lacks an 'outputName' attribute`);
  return { path, output };
}

/** The store path of a derivation's `.drv`. */
export function derivationPath(evaluator: Evaluator, attrs: Attrs): string {
  const drvPath = intern("drvPath");
  const slot = attrs.get(drvPath);
  if (slot === undefined) throw new NixError("eval", "derivation does not contain a 'drvPath' attribute");
  const pos = attrs.positionOf(drvPath);
  const what = "the 'drvPath' attribute of a derivation";
  const path = evaluator.coerceToPath(slot, pos, what, new Set());
  try {
    const { name } = asNixErrors("store", () => parseStorePath(path));
    if (name.endsWith(derivationExtension)) return path;
    const baseName = path.slice(path.lastIndexOf("/") + 1);
    throw new NixError("store", `store path '${baseName}' is not a valid derivation path`);
  } catch (error) {
    if (error instanceof NixError) error.addTrace(pos, `while evaluating ${what}`);
    throw error;
  }
}
