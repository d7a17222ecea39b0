/** Builtins that fetch trees from anywhere: archives, repositories, directories. */

import { NixError } from "../eval/errors.ts";
import type { Evaluator } from "../eval/evaluator.ts";
import { describeType } from "../eval/print.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { Attrs, force, lazy, NixPath, NixString, type Slot, type Value } from "../eval/value.ts";
import { isAllowedUri } from "../fetch/allowed-uris.ts";
import {
  type InputAttrs,
  type InputValue,
  integerAttr,
  revOf,
  stringAttr,
  typeOf,
} from "../fetch/attributes.ts";
import { type FetchedInput, fetchInput } from "../fetch/fetch-input.ts";
import { inputFromAttrs, inputFromUrlText, inputUrl, isLocked, showInput } from "../fetch/input.ts";
import { revPattern } from "../fetch/names.ts";
import { gitUrl, printUrl } from "../fetch/url.ts";
import { noPos } from "../syntax/positions.ts";
import { intern } from "../syntax/symbols.ts";
import type { Builtin } from "./builtin.ts";
import { storePathValue } from "./sources.ts";

export function fetchTreeFamily(evaluator: Evaluator): readonly Builtin[] {
  return [
    {
      name: "fetchTree",
      arity: 1,
      doc: "Fetches a tree: a set of `type` (`path`, `file`, `tarball`, `git`, `hg`, `github`, `gitlab`, `sourcehut`) and what that type needs, or a URL. Gives its `outPath`, `narHash` and what is known of it (`rev`, `lastModified`...).",
      fn: (args) => fetchTree(evaluator, "fetchTree", args),
    },
    {
      name: "fetchGit",
      arity: 1,
      global: true,
      doc: "Fetches a Git repository: its URL or path, or a set of `url`, `name`, `rev`, `ref`, `submodules`, `shallow`, `allRefs`, `exportIgnore` and `narHash`. Of a path without `rev` and `ref` it is the work tree with its changes.",
      fn: (args) => fetchTree(evaluator, "fetchGit", args),
    },
    {
      name: "fetchMercurial",
      arity: 1,
      global: true,
      doc: "Fetches a Mercurial repository: its URL or path, or a set of `url`, `name` and `rev` (a commit, branch or tag).",
      fn: (args) => fetchMercurial(evaluator, args),
    },
  ];
}

type Fetcher = "fetchTree" | "fetchGit";

function fetchTree(evaluator: Evaluator, who: Fetcher, slot: Slot): Value {
  const input = asNixErrors("eval", () => parseInput(evaluator, who, slot));
  if (evaluator.settings.pureEval) requireLocked(evaluator, who, input);
  checkUrl(evaluator, input);
  return treeAttrs(fetchInput(evaluator.host, input), { emptyRev: who === "fetchGit" });
}

function requireLocked(evaluator: Evaluator, who: Fetcher, input: InputAttrs): void {
  if (asNixErrors("eval", () => isLocked(input))) return;
  const shown = asNixErrors("eval", () => showInput(input));
  if (!input.has("narHash")) {
    throw new NixError("eval", `in pure evaluation mode, '${who}' doesn't fetch unlocked input '${shown}'`);
  }
  evaluator.host.message(
    "warning",
    `Input '${shown}' is unlocked (e.g. lacks a Git revision) but is checked by NAR hash. This is not reproducible and will break after garbage collection or when shared.`,
  );
}

/** In restricted evaluation only files, which the host checks for themselves. */
function checkUrl(evaluator: Evaluator, input: InputAttrs): void {
  if (!evaluator.settings.restrictEval) return;
  const url = asNixErrors("eval", () => inputUrl(input));
  const text = printUrl(url);
  if (url.scheme === "file" || isAllowedUri(text, evaluator.settings.allowedUris ?? [])) return;
  throw new NixError("restricted", `access to URI '${text}' is forbidden in restricted mode`);
}

function parseInput(evaluator: Evaluator, who: Fetcher, slot: Slot): InputAttrs {
  const value = force(slot);
  const isGit = who === "fetchGit";
  if (!(value instanceof Attrs)) {
    const url = pathOrString(evaluator, value, `the first argument passed to '${who}'`);
    return isGit
      ? inputFromAttrs(new Map<string, InputValue>([...gitDefaults, ["url", url]]))
      : inputFromUrlText(url);
  }
  const attrs = new Map<string, InputValue>(isGit ? [["type", "git"]] : []);
  for (const [name, each] of value.entries()) {
    if (name !== "type") attrs.set(name, inputValue(evaluator, who, name, each));
    else if (isGit) throw new NixError("eval", "unexpected argument 'type'");
    else
      attrs.set(
        "type",
        evaluator.forceString(each, noPos, `the \`type\` argument passed to '${who}'`, undefined),
      );
  }
  if (!attrs.has("type")) throw new NixError("eval", `argument 'type' is missing in call to '${who}'`);
  if (isGit && !attrs.has("exportIgnore") && attrs.get("submodules") !== true)
    attrs.set("exportIgnore", true);
  if (!isGit && attrs.get("type") === "git" && !attrs.has("shallow")) attrs.set("shallow", true);
  if (!isGit && attrs.has("name")) {
    throw new NixError("eval", `argument 'name' isn't supported in call to '${who}'`);
  }
  return inputFromAttrs(attrs);
}

const gitDefaults: readonly [string, InputValue][] = [
  ["type", "git"],
  ["exportIgnore", true],
];

function inputValue(evaluator: Evaluator, who: Fetcher, name: string, slot: Slot): InputValue {
  const value = force(slot);
  if (typeof value === "string" || value instanceof NixString || value instanceof NixPath) {
    const text = pathOrString(evaluator, value, `the argument '${name}' passed to '${who}'`);
    return who === "fetchGit" && name === "url" ? printUrl(gitUrl(text)) : text;
  }
  if (typeof value === "boolean") return value;
  if (typeof value !== "bigint") {
    const found = describeType(value);
    throw new NixError(
      "type",
      `argument '${name}' to '${who}' is ${found} while a string, Boolean or integer is expected`,
    );
  }
  if (value < 0n) {
    throw new NixError("eval", `negative value given for '${who}' argument '${name}': ${value}`);
  }
  return value;
}

function pathOrString(evaluator: Evaluator, slot: Slot, what: string): string {
  return evaluator.coerceToString(slot, noPos, what, new Set(), { coerceMore: false, copyToStore: false });
}

export interface TreeAttrsOptions {
  /** What has no revision has one of zeroes, as `fetchGit` always had it. */
  readonly emptyRev?: boolean;
  /** Say nothing of revisions: it is not quite what was committed. */
  readonly isDirty?: boolean;
}

/** The set that describes a fetched tree. */
export function treeAttrs(
  { storePath, input, revCount }: FetchedInput,
  options: TreeAttrsOptions = {},
): Attrs {
  const entries: [string, Slot][] = [["outPath", storePathValue(storePath)]];
  const narHash = stringAttr(input, "narHash");
  if (narHash !== undefined) entries.push(["narHash", narHash]);
  if (typeOf(input) === "git") entries.push(["submodules", input.get("submodules") === true]);
  if (options.isDirty !== true) entries.push(...revisionAttrs(input, revCount, options.emptyRev === true));
  const dirtyRev = stringAttr(input, "dirtyRev");
  if (dirtyRev !== undefined) {
    entries.push(["dirtyRev", dirtyRev], ["dirtyShortRev", stringAttr(input, "dirtyShortRev") ?? dirtyRev]);
  }
  const lastModified = integerAttr(input, "lastModified");
  if (lastModified !== undefined) {
    entries.push(["lastModified", lastModified], ["lastModifiedDate", compactDate(lastModified)]);
  }
  return Attrs.fromEntries(entries);
}

function revisionAttrs(
  input: InputAttrs,
  revCount: FetchedInput["revCount"],
  emptyRev: boolean,
): [string, Slot][] {
  const entries: [string, Slot][] = [];
  const rev = revOf(input) ?? (emptyRev ? "0".repeat(40) : undefined);
  if (rev !== undefined) entries.push(["rev", rev], ["shortRev", rev.slice(0, 7)]);
  const given = integerAttr(input, "revCount");
  if (given !== undefined) entries.push(["revCount", given]);
  else if (revCount !== undefined) {
    entries.push(["revCount", lazy(() => BigInt(asNixErrors("store", revCount)))]);
  } else if (emptyRev) entries.push(["revCount", 0n]);
  return entries;
}

/** Seconds since the epoch as YYYYMMDDhhmmss in UTC. */
function compactDate(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
}

function fetchMercurial(evaluator: Evaluator, slot: Slot): Value {
  const value = force(slot);
  const input = new Map<string, InputValue>([["type", "hg"]]);
  let url = "";
  if (value instanceof Attrs) {
    for (const [name, each] of value.entries()) {
      const pos = value.positionOf(intern(name));
      const what = `the \`${name}\` attribute passed to builtins.fetchMercurial`;
      if (name === "url") url = pathOrString(evaluator, each, what);
      else if (name !== "rev" && name !== "name") {
        throw new NixError("eval", `unsupported argument '${name}' to 'fetchMercurial'`, { pos });
      } else {
        const text = evaluator.forceString(each, pos, what, undefined);
        // Unlike elsewhere, it may also be the name of a branch or tag.
        input.set(name === "rev" && !revPattern.test(text) ? "ref" : name, text);
      }
    }
    if (url === "") throw new NixError("eval", "'url' argument required");
  } else url = pathOrString(evaluator, value, "the first argument passed to builtins.fetchMercurial");
  input.set("url", url.includes("://") ? url : `file://${url}`);
  if (evaluator.settings.pureEval && !input.has("rev")) {
    throw new NixError("eval", "in pure evaluation mode, 'fetchMercurial' requires a Mercurial revision");
  }
  const checked = asNixErrors("eval", () => inputFromAttrs(input));
  checkUrl(evaluator, checked);
  const fetched = fetchInput(evaluator.host, checked);
  const rev = revOf(fetched.input) ?? "0".repeat(40);
  const branch = stringAttr(fetched.input, "ref");
  const { revCount } = fetched;
  return Attrs.fromEntries([
    ["outPath", storePathValue(fetched.storePath)],
    ["rev", rev],
    ["shortRev", rev.slice(0, 12)],
    ...(branch === undefined ? [] : [["branch", branch] as const]),
    ...(revCount === undefined ? [] : [["revCount", BigInt(revCount())] as const]),
  ]);
}
