/** Builtins on strings. Lengths and offsets are in bytes. */
import { NixError } from "../eval/errors.ts";
import type { CoercionOptions, Evaluator } from "../eval/evaluator.ts";
import { integer } from "../eval/numbers.ts";
import { parentPath } from "../eval/paths.ts";
import { force, type List, NixPath, type NixString, type Slot, stringValue } from "../eval/value.ts";
import { withoutSpareRoom } from "../spare-room.ts";
import { noPos } from "../syntax/positions.ts";
import type { Builtin } from "./builtin.ts";
import { compileRegex, type Regex, RegexError } from "./regex.ts";

/** A path becomes its store path, as in an interpolation. */
const copying: CoercionOptions = { coerceMore: false, copyToStore: true };
/** A path becomes its own text. */
const naming: CoercionOptions = { coerceMore: false, copyToStore: false };

export function stringsFamily(evaluator: Evaluator): readonly Builtin[] {
  return [...pieces(evaluator), ...matching(evaluator), ...paths(evaluator)];
}

function pieces(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "stringLength",
      arity: 1,
      doc: "How many bytes a string has.",
      fn: (slot) => {
        const value = force(slot);
        if (typeof value === "string") return integer(value.length);
        const what = "the argument passed to builtins.stringLength";
        return BigInt(evaluator.coerceToString(slot, noPos, what, new Set(), copying).length);
      },
    },
    {
      name: "substring",
      arity: 3,
      doc: "`substring start length string`: that many bytes from `start` (counted from 0) on, or what there is of them; to the end when the length is negative.",
      fn: (start, length, slot) => substring(evaluator, start, length, slot),
    },
    {
      name: "concatStringsSep",
      arity: 2,
      doc: "`concatStringsSep separator list`: the strings of the list, with the separator between them.",
      fn: (separator, list) => {
        const context = new Set<string>();
        const text = evaluator.forceString(
          separator,
          noPos,
          "the first argument (the separator string) passed to builtins.concatStringsSep",
          context,
        );
        const elements = evaluator.forceList(
          list,
          noPos,
          "the second argument (the list of strings to concat) passed to builtins.concatStringsSep",
        );
        const what = "one element of the list of strings to concat passed to builtins.concatStringsSep";
        const texts = elements.map((element) =>
          evaluator.coerceToString(element, noPos, what, context, copying),
        );
        return stringValue(texts.join(text), context);
      },
    },
    {
      name: "replaceStrings",
      arity: 3,
      doc: "`replaceStrings from to string`: the string with each of the strings in `from` replaced by the one at the same place in `to`. At every place the first of `from` that is there counts; an empty one is at every place.",
      fn: (from, to, slot) => replaceStrings(evaluator, from, to, slot),
    },
  ];
}

function substring(evaluator: Evaluator, startSlot: Slot, lengthSlot: Slot, slot: Slot): string | NixString {
  const start = evaluator.forceInt(
    startSlot,
    noPos,
    "the first argument (the start offset) passed to builtins.substring",
  );
  if (start < 0n) throw new NixError("eval", "negative start position in 'substring'");
  const length = evaluator.forceInt(
    lengthSlot,
    noPos,
    "the second argument (the substring length) passed to builtins.substring",
  );
  const value = force(slot);
  // The usual case, without a set for a context that is not there.
  if (typeof value === "string") return slice(value, start, length);
  const context = new Set<string>();
  const what = "the third argument (the string) passed to builtins.substring";
  const text = evaluator.coerceToString(value, noPos, what, context, copying);
  return stringValue(slice(text, start, length), context);
}

function slice(text: string, start: bigint, length: bigint): string {
  // Numbers too large to be exact are beyond the end all the same.
  const from = start === 0n ? 0 : Number(start);
  return length < 0n ? text.slice(from) : text.slice(from, from + Number(length));
}

function replaceStrings(evaluator: Evaluator, fromSlot: Slot, toSlot: Slot, slot: Slot): string | NixString {
  const from = evaluator.forceList(fromSlot, noPos, "the first argument passed to builtins.replaceStrings");
  const to = evaluator.forceList(toSlot, noPos, "the second argument passed to builtins.replaceStrings");
  if (from.length !== to.length) {
    throw new NixError(
      "eval",
      "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths",
    );
  }
  const what = "one of the strings to replace passed to builtins.replaceStrings";
  const context = new Set<string>();
  // What the searched strings refer to does not matter.
  let ignored: Set<string> | undefined;
  const sought = from.map((element) => {
    if (typeof element === "string") return element;
    ignored ??= new Set();
    return evaluator.forceString(element, noPos, what, ignored);
  });
  const text = evaluator.forceString(
    slot,
    noPos,
    "the third argument passed to builtins.replaceStrings",
    context,
  );
  const replacement = replacements(evaluator, to, context);
  return stringValue(replaceAll(text, sought, replacement), context);
}

/** The replacements, forced when first needed: only those that are used may fail and add their context. */
function replacements(evaluator: Evaluator, to: List, context: Set<string>): (index: number) => string {
  const what = "one of the replacement strings passed to builtins.replaceStrings";
  return (index) => {
    const slot = to[index]!;
    return typeof slot === "string" ? slot : evaluator.forceString(slot, noPos, what, context);
  };
}

/** Replaces at each place the first of `sought` that is there by `replacement` of its index. */
export function replaceAll(
  text: string,
  sought: readonly string[],
  replacement: (index: number) => string,
): string {
  /** The first byte of each; NaN for the empty string. */
  const heads = sought.map((part) => part.charCodeAt(0));
  const indexAt = (place: number): number => {
    const byte = text.charCodeAt(place);
    for (let index = 0; index < heads.length; index++) {
      const part = sought[index]!;
      if (part === "") return index;
      if (heads[index] === byte && (part.length === 1 || text.startsWith(part, place))) return index;
    }
    return -1;
  };
  let result = "";
  /** Where the text begins that is not copied to the result yet. */
  let pending = 0;
  let place = 0;
  while (place <= text.length) {
    const index = indexAt(place);
    if (index < 0) {
      place++;
      continue;
    }
    result += text.slice(pending, place) + replacement(index);
    pending = place;
    const { length } = sought[index]!;
    // After an empty string one byte goes on unchanged.
    if (length === 0) place++;
    else pending = place += length;
  }
  return pending === 0 ? result + text : result + text.slice(pending);
}

function matching(evaluator: Evaluator): readonly Builtin[] {
  const compile = (slot: Slot, builtin: string): Regex => {
    const what = `the first argument passed to builtins.${builtin}`;
    const source = evaluator.forceString(slot, noPos, what, undefined);
    try {
      return compileRegex(source);
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      const message = error.reason === "invalid" ? "invalid" : "memory limit exceeded by";
      throw new NixError("eval", `${message} regular expression '${source}'`, { cause: error });
    }
  };
  const subject = (slot: Slot, builtin: string): string =>
    evaluator.forceString(slot, noPos, `the second argument passed to builtins.${builtin}`, new Set());
  return [
    {
      name: "match",
      arity: 2,
      doc: "`match regex string`: when the POSIX extended regular expression matches all of the string, the list of what its groups matched (null for those that took no part), otherwise null.",
      fn: (pattern, slot) => compile(pattern, "match").match(subject(slot, "match")) ?? null,
    },
    {
      name: "split",
      arity: 2,
      doc: "`split regex string`: the parts of the string between the matches of the POSIX extended regular expression, and between them, for every match, the list of what its groups matched.",
      fn: (pattern, slot) => {
        const { texts, groups } = compile(pattern, "split").split(subject(slot, "split"));
        // A string without a match keeps its context.
        if (groups.length === 0) return [slot];
        const result: Slot[] = [texts[0]!];
        groups.forEach((group, index) => {
          result.push(group, texts[index + 1]!);
        });
        return withoutSpareRoom(result);
      },
    },
  ];
}

function paths(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "baseNameOf",
      arity: 1,
      global: true,
      doc: "What follows the last slash of a path or string; one slash at the very end does not count.",
      fn: (slot) => {
        const context = new Set<string>();
        const what = "the first argument passed to builtins.baseNameOf";
        return stringValue(baseNameOf(evaluator.coerceToString(slot, noPos, what, context, naming)), context);
      },
    },
    {
      name: "dirOf",
      arity: 1,
      global: true,
      doc: "The directory part of a path (as a path) or of a string: what precedes the last slash.",
      fn: (slot) => {
        const value = force(slot);
        if (value instanceof NixPath) return new NixPath(parentPath(value.path));
        const context = new Set<string>();
        const what = "the first argument passed to 'builtins.dirOf'";
        const text = evaluator.coerceToString(value, noPos, what, context, naming);
        const slash = text.lastIndexOf("/");
        return stringValue(slash < 0 ? "." : slash === 0 ? "/" : text.slice(0, slash), context);
      },
    },
    {
      name: "toPath",
      arity: 1,
      doc: 'The absolute path as a string. Deprecated: `/. + "/path"` makes a path of a string.',
      fn: (slot) => {
        const context = new Set<string>();
        const what = "the first argument passed to builtins.toPath";
        return stringValue(evaluator.coerceToPath(slot, noPos, what, context), context);
      },
    },
  ];
}

/** As Nix has always done it: only one trailing slash is ignored. */
export function baseNameOf(path: string): string {
  const end = path.length > 1 && path.endsWith("/") ? path.length - 1 : path.length;
  return path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}
