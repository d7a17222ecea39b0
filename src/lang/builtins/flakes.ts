/** Flakes: references to them, and getting one with all its inputs. */

import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { describeType } from "../eval/print.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { Attrs, force, NixPath, type Slot, type Value } from "../eval/value.ts";
import type { InputValue } from "../fetch/attributes.ts";
import { flakeRefAttrs, flakeRefFromAttrs, parseFlakeRef, printFlakeRef } from "../fetch/flake-ref.ts";
import { isLocked } from "../fetch/input.ts";
import { noPos } from "../syntax/positions.ts";
import type { Builtin } from "./builtin.ts";
import { callFlake } from "./flakes-call.ts";
import { lockFlake } from "./flakes-lock.ts";
import { FlakeReader } from "./flakes-read.ts";

export function flakesFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "parseFlakeRef",
      arity: 1,
      doc: "The attributes of a flake reference, e.g. `type`, `owner` and `repo` of `github:owner/repo`.",
      fn: (text) => parseRef(evaluator, text),
    },
    {
      name: "flakeRefToString",
      arity: 1,
      doc: "The flake reference with these attributes as a URL; the reverse of `parseFlakeRef`.",
      fn: (attrs) => printRef(evaluator, attrs),
    },
    {
      name: "getFlake",
      arity: 1,
      doc: "Fetches a flake and its inputs, as its lock file has them, and gives its outputs with some metadata. Inputs that the lock file lacks are fetched as they are now, except in pure evaluation, which also wants the reference itself to be locked.",
      fn: (ref) => getFlake(evaluator, ref),
    },
  ];
}

function parseRef(evaluator: Evaluator, slot: Slot): Value {
  const text = evaluator.forceString(slot, noPos, "the argument passed to builtins.parseFlakeRef", undefined);
  return Attrs.fromEntries(asNixErrors("eval", () => flakeRefAttrs(parseFlakeRef(text))));
}

function printRef(evaluator: Evaluator, slot: Slot): Value {
  const set = evaluator.forceAttrs(slot, noPos, "the argument passed to builtins.flakeRefToString");
  const attrs = new Map<string, InputValue>();
  for (const [name, each] of set.entries()) {
    const value = force(each);
    if (typeof value === "bigint" && value < 0n) {
      throw new NixError("eval", `negative value given for flake ref attr ${name}: ${value}`);
    }
    if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") {
      attrs.set(name, value);
      continue;
    }
    throw new NixError(
      "eval",
      `flake reference attribute sets may only contain integers, Booleans, and strings, but attribute '${name}' is ${describeType(value)}`,
    );
  }
  return asNixErrors("eval", () => printFlakeRef(flakeRefFromAttrs(attrs)));
}

function getFlake(evaluator: Evaluator, slot: Slot): Value {
  const value = force(slot);
  const text =
    value instanceof NixPath
      ? value.path
      : evaluator.forceString(value, noPos, "the argument passed to builtins.getFlake", undefined);
  const ref = asNixErrors("eval", () => parseFlakeRef(text));
  if (evaluator.settings.pureEval && !asNixErrors("eval", () => isLocked(ref.input))) {
    throw new NixError(
      "eval",
      `cannot call 'getFlake' on unlocked flake reference '${text}' (use --impure to override)`,
    );
  }
  const reader = new FlakeReader(evaluator);
  return callFlake(evaluator, lockFlake(evaluator, reader, ref));
}
