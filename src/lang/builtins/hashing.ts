/** Hashes of strings and their notations. */
import { type HashFormat, hashOf, parseHash, parseHashAlgorithm, printHash } from "../../store/hash.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import type { Slot } from "../eval/value.ts";
import { noPos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import { required } from "./attrs.ts";
import type { Builtin } from "./builtin.ts";

const [hashSym, hashAlgoSym, toHashFormatSym] = [intern("hash"), intern("hashAlgo"), intern("toHashFormat")];

/** `base32` is the old name of `nix32`. */
const formats: Readonly<Record<string, HashFormat>> = {
  base16: "base16",
  nix32: "nix32",
  base32: "nix32",
  base64: "base64",
  sri: "sri",
};

export function hashingFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "hashString",
      arity: 2,
      doc: "`hashString type string`: the hash of the string in base 16; `type` is `md5`, `sha1`, `sha256` or `sha512`.",
      fn: (type, slot) => {
        const what = "argument passed to builtins.hashString";
        const name = evaluator.forceString(type, noPos, `the first ${what}`, undefined);
        const algorithm = asNixErrors("eval", () => parseHashAlgorithm(name));
        const text = evaluator.forceString(slot, noPos, `the second ${what}`, new Set());
        return printHash(hashOf(algorithm, text), "base16", false);
      },
    },
    {
      name: "convertHash",
      arity: 1,
      doc: "A hash in another notation: of `hash` (whose type is `hashAlgo`, unless it says so itself) the form `toHashFormat`: `base16`, `nix32`, `base64` or `sri`.",
      fn: (slot) => convertHash(evaluator, slot),
    },
  ];
}

function convertHash(evaluator: Evaluator, slot: Slot): string {
  const attrs = evaluator.forceAttrs(slot, noPos, "the first argument passed to builtins.convertHash");
  const text = (value: Slot, name: string): string =>
    evaluator.forceString(value, noPos, `the attribute '${name}'`, undefined);
  const hash = text(required(attrs, hashSym, "while locating the attribute 'hash'"), "hash");
  const algorithmSlot = attrs.get(hashAlgoSym);
  const algorithm = algorithmSlot === undefined ? undefined : text(algorithmSlot, "hashAlgo");
  const formatSlot = required(attrs, toHashFormatSym, "while locating the attribute 'toHashFormat'");
  const formatName = text(formatSlot, "toHashFormat");
  const format = Object.hasOwn(formats, formatName) ? formats[formatName] : undefined;
  if (format === undefined) {
    const expected = "expect 'base16', 'base32', 'base64', or 'sri'";
    throw new NixError("eval", `unknown hash format '${formatName}', ${expected}`);
  }
  if (formatName === "base32") {
    evaluator.host.message("warning", '"base32" is a deprecated alias for hash format "nix32".');
  }
  return asNixErrors("eval", () => {
    const parsed = parseHash(hash, algorithm === undefined ? undefined : parseHashAlgorithm(algorithm));
    return printHash(parsed, format, false);
  });
}
