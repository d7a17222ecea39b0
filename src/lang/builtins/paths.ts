/** Builtins that read files and directories. */
import { fromBytes } from "../../store/bytes.ts";
import { hashOf, parseHashAlgorithm, printHash } from "../../store/hash.ts";
import { isInStore, parseStorePath, splitStorePath } from "../../store/store-path.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { Attrs, force, NixString, type Slot, stringValue, type Value } from "../eval/value.ts";
import type { EvalHost } from "../host.ts";
import { noPos } from "../syntax/positions.ts";
import type { Builtin } from "./builtin.ts";
import { realisePath } from "./realise.ts";
import { sourceBuiltins } from "./sources.ts";

export function pathsFamily(evaluator: Evaluator): readonly Builtin[] {
  const { host } = evaluator;
  const read = (slot: Slot, name: string) => realisePath(evaluator, slot, argument("first", name));
  return [
    {
      name: "readFile",
      arity: 1,
      doc: "The contents of the file at the path, as a string. Of a file in the store, the string refers to what the file refers to.",
      fn: (file) => readFile(host, read(file, "readFile")),
    },
    {
      name: "readDir",
      arity: 1,
      doc: 'What is in the directory: a set of `"regular"`, `"directory"`, `"symlink"` or `"unknown"` by name.',
      fn: (directory) => Attrs.fromEntries(host.readDirectory(read(directory, "readDir"))),
    },
    {
      name: "readFileType",
      arity: 1,
      doc: 'What is at the path: `"regular"`, `"directory"`, `"symlink"` or `"unknown"`.',
      fn: (slot) => {
        const path = realisePath(evaluator, slot, argument("first", "readFileType"), "none");
        const type = host.fileType(path);
        if (type === undefined) throw host.missing(path);
        return type;
      },
    },
    {
      name: "pathExists",
      arity: 1,
      doc: "Whether there is something at the path. A string that ends in a slash asks for a directory.",
      fn: (slot) => pathExists(evaluator, slot),
    },
    {
      name: "hashFile",
      arity: 2,
      doc: 'The hash of the file at the path in base 16, by `"md5"`, `"sha1"`, `"sha256"` or `"sha512"`.',
      fn: (algorithmSlot, file) => {
        const name = evaluator.forceString(algorithmSlot, noPos, argument("first", "hashFile"), undefined);
        const algorithm = asNixErrors("eval", () => parseHashAlgorithm(name));
        const path = realisePath(evaluator, file, argument("second", "hashFile"));
        return printHash(hashOf(algorithm, host.readFile(path)), "base16", false);
      },
    },
    ...sourceBuiltins(evaluator),
  ];
}

function argument(which: "first" | "second", builtin: string): string {
  return `the ${which} argument passed to builtins.${builtin}`;
}

function readFile(host: EvalHost, path: string): Value {
  const text = fromBytes(host.readFile(path));
  if (text.includes("\0")) {
    throw new NixError("eval", `the contents of the file '${path}' cannot be represented as a Nix string`);
  }
  return stringValue(text, referencesIn(host, path, text));
}

/** Of what a store object refers to, that which occurs in this text of it. */
function referencesIn(host: EvalHost, path: string, text: string): ReadonlySet<string> | undefined {
  if (!isInStore(path)) return undefined;
  const { object } = asNixErrors("store", () => splitStorePath(path));
  const occurs = (reference: string) => text.includes(parseStorePath(reference).digest);
  return new Set(host.store.references(object.path).filter(occurs));
}

function pathExists(evaluator: Evaluator, slot: Slot): boolean {
  const text = plainText(force(slot));
  const mustBeDirectory = text !== undefined && /\/\.?$/.test(text);
  try {
    const what = argument("first", "pathExists");
    const path = realisePath(evaluator, slot, what, mustBeDirectory ? "full" : "ancestors");
    const type = evaluator.host.fileType(path);
    return mustBeDirectory ? type === "directory" : type !== undefined;
  } catch (error) {
    if (error instanceof NixError && error.kind === "restricted") return false;
    throw error;
  }
}

function plainText(value: Value): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof NixString ? value.text : undefined;
}
