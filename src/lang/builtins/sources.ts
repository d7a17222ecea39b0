/** Builtins that put something into the store, or refer to it. */
import { toBytes } from "../../store/bytes.ts";
import { type Hash, parseHashAllowEmpty, printHash } from "../../store/hash.ts";
import {
  fixedOutputPath,
  isInStore,
  isStorePath,
  outputPlaceholder,
  splitStorePath,
} from "../../store/store-path.ts";
import { parseContextElement, showContextElement } from "../eval/context.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { baseName } from "../eval/paths.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { NixString, type Slot, type Value } from "../eval/value.ts";
import type { FileType } from "../host.ts";
import { resolveSymlinks } from "../symlinks.ts";
import { noPos } from "../syntax/positions.ts";
import { symbolName } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";
import { requireContext } from "./realise.ts";

export function sourceBuiltins(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "toFile",
      arity: 2,
      doc: "Puts the string into the store as a file of that name, and gives its path. The string may refer to other store paths, but not to what derivations make.",
      fn: (name, contents) => toFile(evaluator, name, contents),
    },
    {
      name: "path",
      arity: 1,
      doc: "Copies `path` to the store, as `name`, without what `filter` refuses, as a plain file when `recursive` is false, and fails unless it has the hash `sha256`.",
      fn: (args) => path(evaluator, args),
    },
    {
      name: "filterSource",
      arity: 2,
      doc: "Copies the path to the store without what the function refuses. It gets the path and the type of each thing.",
      fn: (filter, source) => {
        const context = new Set<string>();
        const what = "the second argument (the path to filter) passed to 'builtins.filterSource'";
        const sourcePath = evaluator.coerceToPath(source, noPos, what, context);
        evaluator.forceFunction(filter, noPos, "the first argument passed to builtins.filterSource");
        return copy(evaluator, { name: baseName(sourcePath), sourcePath, context, filter, method: "nar" });
      },
    },
    {
      name: "storePath",
      arity: 1,
      doc: "The store path as a string that refers to it, without copying anything.",
      fn: (slot) => storePath(evaluator, slot),
    },
    {
      name: "placeholder",
      arity: 1,
      global: true,
      doc: "What stands for the path of a derivation's own output until the derivation is built.",
      fn: (output) =>
        outputPlaceholder(
          evaluator.forceString(
            output,
            noPos,
            "the first argument passed to builtins.placeholder",
            undefined,
          ),
        ),
    },
  ];
}

/** A string that is, and refers to, a store path. */
export function storePathValue(path: string): NixString {
  return new NixString(path, new Set([path]));
}

function toFile(evaluator: Evaluator, nameSlot: Slot, contentsSlot: Slot): Value {
  const context = new Set<string>();
  const name = evaluator.forceString(
    nameSlot,
    noPos,
    "the first argument passed to builtins.toFile",
    undefined,
  );
  const what = "the second argument passed to builtins.toFile";
  const contents = evaluator.forceString(contentsSlot, noPos, what, context);
  const references = [...context].map((text) => {
    const element = parseContextElement(text);
    if (element.type === "path") return element.path;
    throw new NixError(
      "eval",
      `files created by builtins.toFile may not reference derivations, but ${name} references ${showContextElement(text)}`,
    );
  });
  return storePathValue(evaluator.host.store.addText(name, toBytes(contents), references));
}

function storePath(evaluator: Evaluator, slot: Slot): Value {
  if (evaluator.settings.pureEval) {
    throw new NixError("eval", "'builtins.storePath' is not allowed in pure evaluation mode");
  }
  const context = new Set<string>();
  const what = "the first argument passed to 'builtins.storePath'";
  const given = evaluator.coerceToPath(slot, noPos, what, context);
  const found = isStorePath(given) ? given : resolveSymlinks(evaluator.host, given, "full");
  if (!isInStore(found)) throw new NixError("eval", `path '${given}' is not in the Nix store`);
  const { object } = asNixErrors("eval", () => splitStorePath(found));
  return new NixString(found, context.add(object.path));
}

interface CopyRequest {
  readonly name: string;
  readonly sourcePath: string;
  /** Of the path. */
  readonly context: ReadonlySet<string>;
  readonly filter: Slot | undefined;
  readonly method: "flat" | "nar";
  readonly expected?: Hash | undefined;
}

function path(evaluator: Evaluator, slot: Slot): Value {
  const args = evaluator.forceAttrs(slot, noPos, "the argument passed to 'builtins.path'");
  const context = new Set<string>();
  let sourcePath: string | undefined;
  let name = "";
  let filter: Slot | undefined;
  let method: "flat" | "nar" = "nar";
  let expected: Hash | undefined;
  for (const [index, sym] of args.shape.symbols.entries()) {
    const key = symbolName(sym);
    const value = args.values[index]!;
    const pos = args.positionOf(sym);
    const what = `the \`${key}\` attribute passed to builtins.path`;
    switch (key) {
      case "path":
        sourcePath = evaluator.coerceToPath(value, pos, what, context);
        break;
      case "name":
        name = evaluator.forceString(value, pos, what, undefined);
        break;
      case "filter":
        filter = evaluator.forceFunction(value, pos, what);
        break;
      case "recursive":
        method = evaluator.forceBool(value, pos, what) ? "nar" : "flat";
        break;
      case "sha256":
        expected = parseSha256(evaluator, evaluator.forceString(value, pos, what, undefined));
        break;
      default:
        throw new NixError("eval", `unsupported argument '${key}' to 'builtins.path'`, { pos });
    }
  }
  if (sourcePath === undefined) {
    throw new NixError("eval", "missing required 'path' attribute in the first argument to 'builtins.path'");
  }
  return copy(evaluator, {
    name: name || baseName(sourcePath),
    sourcePath,
    context,
    filter,
    method,
    expected,
  });
}

/** A SHA-256 in any notation; the empty text means one that never matches. */
export function parseSha256(evaluator: Evaluator, text: string): Hash {
  const warn = (message: string) => evaluator.host.message("warning", message);
  return asNixErrors("eval", () => parseHashAllowEmpty(text, "sha256", warn));
}

function copy(evaluator: Evaluator, request: CopyRequest): Value {
  const { host } = evaluator;
  const { name, sourcePath, context, method, expected } = request;
  try {
    const references = referencesOf(evaluator, sourcePath, context);
    const expectedPath =
      expected && asNixErrors("eval", () => fixedOutputPath(name, method, expected, references));
    if (expectedPath !== undefined && host.hasPinned(expectedPath)) return storePathValue(expectedPath);
    const resolved = resolveSymlinks(host, sourcePath, "full");
    const copied =
      method === "flat"
        ? host.store.addFlatFile(name, resolved)
        : host.store.addPath(name, resolved, pathFilter(evaluator, request.filter), references);
    if (expected !== undefined && copied !== expectedPath) {
      const found: Hash = { algorithm: "sha256", bytes: host.store.contentHash(copied, method) };
      throw new NixError(
        "store",
        `store path mismatch in (possibly filtered) path added from '${sourcePath}':\n${bothHashes(expected, found)}`,
      );
    }
    return storePathValue(copied);
  } catch (error) {
    if (error instanceof NixError) error.addTrace(noPos, `while adding path '${sourcePath}'`);
    throw error;
  }
}

/** Two lines, as Nix shows a mismatch. */
export function bothHashes(expected: Hash, found: Hash): string {
  return `  specified: ${printHash(expected, "nix32", true)}\n  got:       ${printHash(found, "nix32", true)}`;
}

/** What a copy of something in the store refers to: all that its object does. */
function referencesOf(evaluator: Evaluator, path: string, context: ReadonlySet<string>): readonly string[] {
  if (context.size === 0 || !isInStore(path)) return [];
  const { store } = evaluator.host;
  requireContext(evaluator, context);
  return store.references(asNixErrors("eval", () => splitStorePath(path)).object.path);
}

function pathFilter(
  evaluator: Evaluator,
  filter: Slot | undefined,
): ((path: string, type: FileType) => boolean) | undefined {
  if (filter === undefined) return undefined;
  return (path, type) =>
    evaluator.forceBool(
      evaluator.call(filter, path, type),
      noPos,
      "the return value of the path filter function",
    );
}
