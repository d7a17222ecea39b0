/** Fetching an input: what the host gives for it, and the attributes that are then known. */
import { StoreError } from "../../store/errors.ts";
import { NixError } from "../eval/errors.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import type { EvalHost, FetchedTree } from "../host.ts";
import { noPos } from "../syntax/positions.ts";
import {
  flagAttr,
  type InputAttrs,
  inputJson,
  integerAttr,
  narHashOf,
  requiredString,
  revOf,
  stringAttr,
  typeOf,
  withAttrs,
} from "./attributes.ts";
import { printNarHash } from "./cache.ts";
import { type ForgeName, forges } from "./forge.ts";
import { lockedPath, nameOf, showInput } from "./input.ts";

export interface FetchedInput {
  readonly storePath: string;
  /** With what is known now: the NAR hash always, the others as the type has them. */
  readonly input: InputAttrs;
  /** Where it has to be counted; an attribute of the input says it otherwise. */
  readonly revCount: (() => number) | undefined;
}

/**
 * Fetches. A `final` input, as lock files have them, keeps exactly the attributes that it has, and need not be
 * fetched again when its tree is there. Fails with a NixError.
 */
export function fetchInput(
  host: EvalHost,
  input: InputAttrs,
  options: { readonly final?: boolean } = {},
): FetchedInput {
  try {
    return asNixErrors("store", () => {
      const expected = lockedPath(input);
      if (options.final === true && expected !== undefined && host.isAvailable(expected)) {
        return { storePath: expected, input, revCount: undefined };
      }
      const fetched = fetchNow(host, input);
      checkNarHash(input, fetched.input);
      if (options.final === true) {
        return { ...fetched, input: checkFinal(input, fetched.input), revCount: undefined };
      }
      checkLastModified(input, fetched.input);
      checkRevision(input, fetched.input);
      checkRevCount(input, fetched);
      return fetched;
    });
  } catch (error) {
    if (error instanceof NixError) error.addTrace(noPos, `while fetching the input '${safelyShown(input)}'`);
    throw error;
  }
}

function fetchNow(host: EvalHost, input: InputAttrs): FetchedInput {
  const type = typeOf(input);
  const name = nameOf(input);
  switch (type) {
    case "path": {
      const path = requiredString(input, "path");
      if (!path.startsWith("/")) {
        throw new StoreError(`cannot fetch input '${showInput(input)}' because it uses a relative path`);
      }
      return complete(input, host.fetchTree({ kind: "directory", path: trimmed(path), name }));
    }
    case "file": {
      const flat = host.fetch({ kind: "file", url: requiredString(input, "url"), name, expected: undefined });
      const storePath = host.store.addPath(name, flat);
      return complete(input, { storePath, narHash: printNarHash(host.store.contentHash(storePath, "nar")) });
    }
    case "tarball":
      return complete(input, host.fetchTree({ kind: "archive", url: requiredString(input, "url"), name }));
    case "git":
      return fetchGit(host, input);
    case "hg":
      return complete(
        input,
        host.fetchTree({
          kind: "hg",
          url: requiredString(input, "url"),
          name,
          ref: stringAttr(input, "ref"),
          rev: revOf(input),
        }),
      );
    case "github":
    case "gitlab":
    case "sourcehut":
      return fetchFromForge(host, input, type);
    case "indirect":
      throw new StoreError(
        `cannot fetch '${showInput(input)}': Nixus asks no flake registry; write the URL of the flake instead`,
      );
    default:
      throw new StoreError(`cannot fetch unsupported input '${inputJson(input)}'`);
  }
}

function fetchGit(host: EvalHost, input: InputAttrs): FetchedInput {
  if (flagAttr(input, "lfs")) {
    throw new StoreError(`cannot fetch '${showInput(input)}': Git LFS is not supported`);
  }
  const tree = host.fetchTree({
    kind: "git",
    url: requiredString(input, "url"),
    name: nameOf(input),
    ref: stringAttr(input, "ref"),
    rev: revOf(input),
    submodules: flagAttr(input, "submodules"),
    shallow: flagAttr(input, "shallow"),
    allRefs: flagAttr(input, "allRefs"),
    exportIgnore: flagAttr(input, "exportIgnore"),
  });
  return complete(input, tree);
}

function fetchFromForge(host: EvalHost, input: InputAttrs, type: ForgeName): FetchedInput {
  const forge = forges[type];
  const download = (url: string) =>
    host.readFile(host.fetch({ kind: "file", url, name: "source", expected: undefined }));
  const rev = revOf(input) ?? forge.revision(input, stringAttr(input, "ref") ?? "HEAD", download);
  const tree = host.fetchTree({ kind: "archive", url: forge.archive(input, rev), name: nameOf(input) });
  return complete(withAttrs(input, { ref: undefined }), { ...tree, rev });
}

/** The input with what its tree is known to have. What the caller says of an archive's time and count is taken as it is. */
function complete(input: InputAttrs, tree: FetchedTree): FetchedInput {
  const { storePath, narHash, lastModified, rev, ref, dirtyRev, revCount } = tree;
  const isArchive = typeOf(input) !== "git" && typeOf(input) !== "hg";
  return {
    storePath,
    input: withAttrs(input, {
      narHash,
      ...(lastModified === undefined || (isArchive && input.has("lastModified"))
        ? {}
        : { lastModified: BigInt(lastModified) }),
      ...(rev === undefined ? {} : { rev }),
      ...(ref === undefined ? {} : { ref }),
      ...(dirtyRev === undefined
        ? {}
        : { dirtyRev: `${dirtyRev}-dirty`, dirtyShortRev: `${dirtyRev.slice(0, 7)}-dirty` }),
    }),
    revCount,
  };
}

function checkNarHash(specified: InputAttrs, fetched: InputAttrs): void {
  const expected = narHashOf(specified);
  const found = narHashOf(fetched);
  if (expected === undefined || found === undefined) return;
  const [want, got] = [printNarHash(expected.bytes), printNarHash(found.bytes)];
  if (want === got) return;
  throw new StoreError(
    `NAR hash mismatch in input '${showInput(specified)}', expected '${want}' but got '${got}'`,
  );
}

function checkRevision(specified: InputAttrs, fetched: InputAttrs): void {
  const rev = revOf(specified);
  if (rev === undefined || revOf(fetched) === rev) return;
  throw new StoreError(`'rev' attribute mismatch in input '${showInput(fetched)}', expected ${rev}`);
}

function checkLastModified(specified: InputAttrs, fetched: InputAttrs): void {
  const expected = integerAttr(specified, "lastModified");
  const found = integerAttr(fetched, "lastModified");
  if (expected === undefined || expected === found) return;
  throw new StoreError(
    `'lastModified' attribute mismatch in input '${showInput(fetched)}', expected ${expected}, got ${found ?? -1n}`,
  );
}

/** Counting takes a while: only what says a count itself is counted now. */
function checkRevCount(specified: InputAttrs, { input, revCount }: FetchedInput): void {
  const expected = integerAttr(specified, "revCount");
  if (expected === undefined || revCount === undefined || expected === BigInt(revCount())) return;
  throw new StoreError(`'revCount' attribute mismatch in input '${showInput(input)}', expected ${expected}`);
}

/** The input as it was, when nothing of it contradicts what was fetched. */
function checkFinal(specified: InputAttrs, fetched: InputAttrs): InputAttrs {
  const padded = narHashOf(specified);
  const wanted =
    padded === undefined ? specified : withAttrs(specified, { narHash: printNarHash(padded.bytes) });
  for (const [name, value] of wanted) {
    const found = fetched.get(name);
    if (found === undefined || found === value) continue;
    throw new StoreError(
      `mismatch in field '${name}' of input '${inputJson(wanted)}', got '${inputJson(fetched)}'`,
    );
  }
  return wanted;
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function safelyShown(input: InputAttrs): string {
  try {
    return showInput(input);
  } catch {
    return inputJson(input);
  }
}
