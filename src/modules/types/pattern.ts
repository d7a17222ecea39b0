/** Regular expressions of types, matched by the language's own `builtins.match`. */
import { force, type NixString } from "../../lang/eval/value.ts";
import { characters } from "../check.ts";
import type { ModuleSystem } from "../system.ts";

/** Whether the whole string matches the extended POSIX regular expression (a byte string). */
export function posixPattern(pattern: string): (system: ModuleSystem, value: string | NixString) => boolean {
  return (system, value) => {
    const match = system.evaluator.builtins.getByName("match");
    return match !== undefined && force(system.evaluator.call(match, pattern, characters(value))) !== null;
  };
}
