/** The nixpkgs of nodes that say none: the one that `flake.lock` or npins names beside the network file. Byte strings. */
import { dirname, join } from "node:path/posix";
import { findInput, type LockedNode, parseLockFile } from "../../lang/builtins/flakes-lock-file.ts";
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { asNixErrors } from "../../lang/eval/store-errors.ts";
import { Attrs, force, NixPath, stringValue, type Value } from "../../lang/eval/value.ts";
import { relativePath } from "../../lang/fetch/input.ts";
import { resolveSymlinks } from "../../lang/symlinks.ts";
import { noPos } from "../../lang/syntax/positions.ts";

const name = "nixpkgs";

/** A path or something with an `outPath`; null when nothing is pinned. */
export function pinnedNixpkgs(evaluator: Evaluator, networkFile: string): Value {
  const directory = dirname(networkFile.replace(/#[^/]*$/, ""));
  const locked = flakeInput(evaluator, directory);
  const pinned = npinsPin(evaluator, directory);
  if (locked === undefined || pinned === undefined) return force(locked?.() ?? pinned?.() ?? null);
  throw new NixError(
    "module",
    `both flake.lock and npins in '${directory}' have a '${name}'; say which one the machines get: set 'defaults.nixpkgs' (for npins: (import ./npins).${name})`,
  );
}

type Pin = () => Value;

/** The input of the flake, as its lock file has it. Its flake.nix is not evaluated. */
function flakeInput(evaluator: Evaluator, directory: string): Pin | undefined {
  const { host } = evaluator;
  const file = join(directory, "flake.lock");
  if (host.fileType(file) === undefined) return undefined;
  const contents = host.readFile(resolveSymlinks(host, file, "full"));
  const root = parseLockFile(contents, file, (message) => host.message("warning", message));
  const node = findInput(root, [name]) as LockedNode | undefined;
  if (node === undefined) return undefined;
  return () => {
    const { input, subdirectory } = node.locked;
    const relative = node.parent === undefined ? undefined : asNixErrors("eval", () => relativePath(input));
    if (relative !== undefined && node.parent?.length === 0) return new NixPath(join(directory, relative));
    if (relative !== undefined) {
      throw new NixError(
        "module",
        `the input '${name}' of '${file}' lies in another input, '${node.parent?.join("/")}'; set 'defaults.${name}' to it`,
      );
    }
    const tree = evaluator.forceAttrs(
      evaluator.call(evaluator.builtins.getByName("fetchTree")!, Attrs.fromEntries(input)),
      noPos,
      `the input '${name}' of '${file}'`,
    );
    if (subdirectory === "") return tree;
    const context = new Set<string>();
    const path = evaluator.forceString(tree.getByName("outPath")!, noPos, "a fetched tree", context);
    return stringValue(`${path}/${subdirectory}`, context);
  };
}

/** The pin, as npins' own function gives it. */
function npinsPin(evaluator: Evaluator, directory: string): Pin | undefined {
  const file = join(directory, "npins/default.nix");
  if (evaluator.host.fileType(file) === undefined) return undefined;
  const pin = evaluator
    .forceAttrs(evaluator.importFile(file), noPos, `the pins of '${file}'`)
    .getByName(name);
  return pin === undefined ? undefined : () => force(pin);
}
