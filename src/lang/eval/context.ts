/** Elements of string contexts (their encoding stands with `Context` in value.ts). */
import { isDerivationPath, storeDir } from "../../store/store-path.ts";
import { NixError } from "./errors.ts";

export type ContextElement =
  /** The store object itself. */
  | { readonly type: "path"; readonly path: string }
  /** An output of a derivation. */
  | { readonly type: "output"; readonly derivation: string; readonly output: string }
  /** A derivation with all that it consists of, sources and outputs. */
  | { readonly type: "deep"; readonly derivation: string };

export function parseContextElement(element: string): ContextElement {
  if (element.startsWith("=")) return { type: "deep", derivation: element.slice(1) };
  if (!element.startsWith("!")) return { type: "path", path: element };
  const end = element.indexOf("!", 1);
  const derivation = element.slice(end + 1);
  if (end < 0 || !derivation.startsWith("/") || !isDerivationPath(derivation)) {
    throw new NixError("eval", `string context element '${element}' is not supported (dynamic derivations)`);
  }
  return { type: "output", output: element.slice(1, end), derivation };
}

/** As Nix shows it in messages, which leaves out the store's directory. */
export function showContextElement(element: string): string {
  return element.replace(`${storeDir}/`, "");
}

/** As messages to people have it. */
export function describeContextElement(element: string): string {
  if (element.startsWith("=")) return `${element.slice(1)} (deep)`;
  const [, output, derivation] = /^!([^!]*)!(.*)$/s.exec(element) ?? [];
  return derivation === undefined ? element : `${derivation}^${output}`;
}

export function outputContext(derivation: string, output: string): ReadonlySet<string> {
  return new Set([`!${output}!${derivation}`]);
}

export function deepContext(derivation: string): ReadonlySet<string> {
  return new Set([`=${derivation}`]);
}
