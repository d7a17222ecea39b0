/** Builtins that get something from elsewhere. */
import { StoreError } from "../../store/errors.ts";
import type { Hash } from "../../store/hash.ts";
import { checkStorePathName, fixedOutputPath } from "../../store/store-path.ts";
import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { resolveChannel } from "../eval/files.ts";
import { baseName } from "../eval/paths.ts";
import { Attrs, force, type Slot, type Value } from "../eval/value.ts";
import type { FetchRequest } from "../host.ts";
import { noPos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";
import { bothHashes, parseSha256, storePathValue } from "./sources.ts";

export function fetchFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "fetchurl",
      arity: 1,
      doc: "Downloads a file: the URL, or a set of `url`, `name` and `sha256`. Gives its store path.",
      fn: (args) => fetch(evaluator, "file", args),
    },
    {
      name: "fetchTarball",
      arity: 1,
      global: true,
      doc: "Downloads and unpacks an archive: the URL, or a set of `url`, `name` and `sha256` (of the tree). Gives the store path of the tree.",
      fn: (args) => fetch(evaluator, "tarball", args),
    },
  ];
}

interface Arguments {
  readonly url: string;
  readonly name: string | undefined;
  readonly expected: Hash | undefined;
  readonly isSet: boolean;
}

function fetch(evaluator: Evaluator, kind: FetchRequest["kind"], slot: Slot): Value {
  const { host } = evaluator;
  const who = kind === "file" ? "fetchurl" : "fetchTarball";
  const args = parseArguments(evaluator, who, slot);
  const { expected } = args;
  const url = kind === "tarball" ? resolveChannel(args.url) : args.url;
  host.checkUrl(url);
  const given = args.name ?? (kind === "file" ? "" : "source");
  const name = given === "" ? baseName(url.replace(/\/+$/, "")) : given;
  checkName(who, name, { ...args, url });
  if (evaluator.settings.pureEval && expected === undefined) {
    throw new NixError("eval", `in pure evaluation mode, '${who}' requires a 'sha256' argument`);
  }
  const method = kind === "file" ? "flat" : "nar";
  const expectedPath = expected && fixedOutputPath(name, method, expected);
  if (expectedPath !== undefined && host.hasPinned(expectedPath)) return storePathValue(expectedPath);
  const fetched = host.fetch({ kind, url, name, expected: expectedPath });
  if (expected !== undefined && fetched !== expectedPath) {
    const found: Hash = { algorithm: "sha256", bytes: host.store.contentHash(fetched, method) };
    throw mismatch(kind, url, expected, found);
  }
  return storePathValue(fetched);
}

function mismatch(kind: FetchRequest["kind"], url: string, expected: Hash, found: Hash): NixError {
  const what = kind === "file" ? "file" : "tree";
  const message = `hash mismatch in ${what} downloaded from '${url}':\n${bothHashes(expected, found)}`;
  return new NixError("store", message);
}

function parseArguments(evaluator: Evaluator, who: string, slot: Slot): Arguments {
  const value = force(slot);
  const string = (each: Slot, pos = noPos, what = "the url we should fetch") =>
    evaluator.forceString(each, pos, what, undefined);
  if (!(value instanceof Attrs)) {
    return { url: string(value), name: undefined, expected: undefined, isSet: false };
  }
  let url: string | undefined;
  let name: string | undefined;
  let expected: Hash | undefined;
  for (const [key, each] of value.entries()) {
    const pos = value.positionOf(intern(key));
    switch (key) {
      case "url":
        url = string(each, pos);
        break;
      case "sha256":
        expected = parseSha256(evaluator, string(each, pos, "the sha256 of the content we should fetch"));
        break;
      case "name":
        name = string(each, pos, "the name of the content we should fetch");
        break;
      default:
        throw new NixError("eval", `unsupported argument '${key}' to '${who}'`, { pos });
    }
  }
  if (url === undefined) throw new NixError("eval", "'url' argument required");
  return { url, name, expected, isSet: true };
}

function checkName(who: string, name: string, { url, name: given, isSet }: Arguments): void {
  try {
    checkStorePathName(name);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    let advice = `Please pass an attribute set with 'url' and 'name' attributes to '${who}'`;
    if (given !== undefined) advice = `Please change the value for the 'name' attribute passed to '${who}'`;
    else if (isSet) advice = `Please add a valid 'name' attribute to the argument for '${who}'`;
    throw new NixError(
      "eval",
      `invalid store path name when fetching URL '${url}': ${error.message}. ${advice}, so that it can create a valid store path.`,
      { cause: error },
    );
  }
}
