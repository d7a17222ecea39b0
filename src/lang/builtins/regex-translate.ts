/**
 * Translation of a regular expression to one of JavaScript, where both mean the same, for speed. They differ in
 *
 * - groups inside a repetition: JavaScript forgets their matches at each round, libstdc++ keeps them;
 * - repetitions of what may be empty: JavaScript refuses an empty round;
 * - alternatives when searching: JavaScript takes the first that leads to a match, POSIX the longest.
 *
 * Expressions for which that can show, or with which JavaScript's backtracking can explode, are left to
 * {@link Automaton}: `undefined` is returned.
 */
import { ByteSet } from "./regex-sets.ts";
import type { ParsedRegex, RegexNode } from "./regex-syntax.ts";

/** `whole`: the whole text must match; `search`: any part of it (flag `g`). */
export type RegexMode = "whole" | "search";

/** Longer sources gain nothing and may exceed the limits of V8. */
const maxSourceLength = 20_000;

export function translateRegex(parsed: ParsedRegex, mode: RegexMode): RegExp | undefined {
  if (!isSafe(parsed.root, mode, false)) return undefined;
  const source = sourceOf(parsed.root);
  if (source.length > maxSourceLength) return undefined;
  return mode === "whole" ? new RegExp(`^(?:${source})$`) : new RegExp(source, "g");
}

function isSafe(node: RegexNode, mode: RegexMode, inLoop: boolean): boolean {
  switch (node.kind) {
    case "set":
    case "start":
    case "end":
      return true;
    case "sequence":
      return node.items.every((item) => isSafe(item, mode, inLoop));
    case "group":
      return isSafe(node.body, mode, inLoop);
    case "choice": {
      if (!node.branches.every((branch) => isSafe(branch, mode, inLoop))) return false;
      const distinct = branchesAreDistinct(node.branches);
      if (inLoop) return distinct && !hasGroup(node);
      return mode === "whole" || distinct || fixedWidth(node) !== undefined;
    }
    case "repeat": {
      const loops = node.max > 1;
      const width = fixedWidth(node.body);
      if (loops ? width === undefined || width === 0 : canBeEmpty(node.body)) return false;
      return isSafe(node.body, mode, inLoop || loops);
    }
  }
}

function hasGroup(node: RegexNode): boolean {
  switch (node.kind) {
    case "group":
      return true;
    case "sequence":
      return node.items.some(hasGroup);
    case "choice":
      return node.branches.some(hasGroup);
    case "repeat":
      return hasGroup(node.body);
    default:
      return false;
  }
}

/** At most one of the branches can match at any place, which its first byte decides. */
function branchesAreDistinct(branches: readonly RegexNode[]): boolean {
  if (branches.some(canBeEmpty)) return false;
  const seen = new ByteSet();
  return branches.every((branch) => {
    const first = firstBytes(branch);
    if (seen.intersects(first)) return false;
    seen.addAll(first);
    return true;
  });
}

export function canBeEmpty(node: RegexNode): boolean {
  switch (node.kind) {
    case "set":
      return false;
    case "start":
    case "end":
      return true;
    case "sequence":
      return node.items.every(canBeEmpty);
    case "choice":
      return node.branches.some(canBeEmpty);
    case "group":
      return canBeEmpty(node.body);
    case "repeat":
      return node.min === 0 || canBeEmpty(node.body);
  }
}

/** The bytes that a non-empty match can start with. */
export function firstBytes(node: RegexNode): ByteSet {
  switch (node.kind) {
    case "set":
      return node.set;
    case "start":
    case "end":
      return new ByteSet();
    case "sequence": {
      const first = new ByteSet();
      for (const item of node.items) {
        first.addAll(firstBytes(item));
        if (!canBeEmpty(item)) break;
      }
      return first;
    }
    case "choice":
      return node.branches.reduce((first, branch) => first.addAll(firstBytes(branch)), new ByteSet());
    case "group":
      return firstBytes(node.body);
    case "repeat":
      return node.max === 0 ? new ByteSet() : firstBytes(node.body);
  }
}

/** The length of every match; undefined when matches can have different lengths. */
function fixedWidth(node: RegexNode): number | undefined {
  switch (node.kind) {
    case "set":
      return 1;
    case "start":
    case "end":
      return 0;
    case "sequence": {
      let sum = 0;
      for (const item of node.items) {
        const width = fixedWidth(item);
        if (width === undefined) return undefined;
        sum += width;
      }
      return sum;
    }
    case "choice": {
      const width = fixedWidth(node.branches[0]!);
      return node.branches.every((branch) => fixedWidth(branch) === width) ? width : undefined;
    }
    case "group":
      return fixedWidth(node.body);
    case "repeat": {
      const width = fixedWidth(node.body);
      if (node.max === 0 || width === 0) return 0;
      return width !== undefined && node.min === node.max ? width * node.min : undefined;
    }
  }
}

function sourceOf(node: RegexNode): string {
  switch (node.kind) {
    case "set":
      return sourceOfSet(node.set);
    case "start":
      return "^";
    case "end":
      return "$";
    case "sequence":
      return node.items
        .map((item) => (item.kind === "choice" ? `(?:${sourceOf(item)})` : sourceOf(item)))
        .join("");
    case "choice":
      return node.branches.map(sourceOf).join("|");
    case "group":
      return `(${sourceOf(node.body)})`;
    case "repeat": {
      const body =
        node.body.kind === "set" || node.body.kind === "group"
          ? sourceOf(node.body)
          : `(?:${sourceOf(node.body)})`;
      return `${body}${quantifier(node.min, node.max)}`;
    }
  }
}

function quantifier(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  return min === 0 && max === 1 ? "?" : `{${min},${max}}`;
}

function sourceOfSet(set: ByteSet): string {
  const ranges = set.ranges();
  const only = ranges.length === 1 ? ranges[0]! : undefined;
  if (only !== undefined && only[0] === only[1]) return escapedByte(only[0]);
  // No Nix string contains NUL.
  if (only !== undefined && only[0] <= 1 && only[1] === 255) return "[^]";
  const body = ranges.map(([first, last]) =>
    first === last ? escapedByte(first) : `${escapedByte(first)}-${escapedByte(last)}`,
  );
  return `[${body.join("")}]`;
}

function escapedByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
