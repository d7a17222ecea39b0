/** Versions and package names (Nix manual, "nix-env --upgrade": how versions are compared). */
import type { Evaluator } from "../eval/evaluator.ts";
import { Attrs, type Slot } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import type { Builtin } from "./builtin.ts";

export function versionsFamily(evaluator: Evaluator): readonly Builtin[] {
  const text = (slot: Slot, what: string): string => evaluator.forceString(slot, noPos, what, undefined);
  return [
    {
      name: "splitVersion",
      arity: 1,
      doc: "The components of a version: runs of digits and runs of other characters between dots and dashes.",
      fn: (version) => splitVersion(text(version, "the first argument passed to builtins.splitVersion")),
    },
    {
      name: "compareVersions",
      arity: 2,
      doc: "-1, 0 or 1 as the first version is older than, as old as, or newer than the second.",
      fn: (a, b) =>
        BigInt(
          compareVersions(
            text(a, "the first argument passed to builtins.compareVersions"),
            text(b, "the second argument passed to builtins.compareVersions"),
          ),
        ),
    },
    {
      name: "parseDrvName",
      arity: 1,
      doc: "`{ name, version }` of a package name: the version follows the first dash that no letter follows.",
      fn: (name) => {
        const parsed = parseDrvName(text(name, "the first argument passed to builtins.parseDrvName"));
        return Attrs.fromEntries([
          ["name", parsed.name],
          ["version", parsed.version],
        ]);
      },
    },
  ];
}

/** `1.2pre3` has the components 1, 2, pre and 3. */
export function splitVersion(version: string): string[] {
  return version.match(/[0-9]+|[^0-9.-]+/g) ?? [];
}

/** Below, at or above 0: -1, 0, 1. */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const left = splitVersion(a);
  const right = splitVersion(b);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? "", right[i] ?? ""];
    if (isOlder(x, y)) return -1;
    if (isOlder(y, x)) return 1;
  }
  return 0;
}

/** `pre` comes before everything, the end before a number, a word before a number; numbers and words as usual. */
function isOlder(a: string, b: string): boolean {
  const [x, y] = [componentNumber(a), componentNumber(b)];
  if (x !== undefined && y !== undefined) return x < y;
  if (a === "" && y !== undefined) return true;
  if (a === "pre") return b !== "pre";
  if (b === "pre") return false;
  if (y !== undefined) return true;
  if (x !== undefined) return false;
  return a < b;
}

/** Digits that need more than 31 bits count as a word. */
function componentNumber(component: string): number | undefined {
  if (!/^[0-9]+$/.test(component)) return undefined;
  const number = Number(component);
  return number < 2 ** 31 ? number : undefined;
}

export function parseDrvName(text: string): { readonly name: string; readonly version: string } {
  const dash = text.search(/-[^a-zA-Z]/);
  if (dash < 0) return { name: text, version: "" };
  return { name: text.slice(0, dash), version: text.slice(dash + 1) };
}
