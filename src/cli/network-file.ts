/** Which file describes the network. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "./errors.ts";

/** Looked for in this order in the current directory. */
const names = [
  "default.nix",
  "network.nix",
  ...["ts", "mts", "js", "mjs"].map((extension) => `nixus.config.${extension}`),
];

/** There is nothing at the path that was given. */
export class NoNetworkFile extends UserError {
  override readonly name = "NoNetworkFile";
}

/** A network with the options that every network has. */
const emptyNetwork = fileURLToPath(new URL("../fleet/network/no-nodes.nix", import.meta.url));

/** The network file that is meant, or, where none is named and there is none, an empty network. */
export function networkFileOrEmpty(given: string | undefined, directory: string): string {
  return given === undefined && fileIn(directory) === undefined
    ? emptyNetwork
    : findNetworkFile(given, directory);
}

function fileIn(directory: string): string | undefined {
  return names.map((name) => join(directory, name)).find((path) => kindOf(path) === "file");
}

/** The absolute path of the network file; a directory means the file in it, `DIRECTORY#OUTPUT` the flake's output. */
export function findNetworkFile(given: string | undefined, directory: string): string {
  const start = resolve(directory, given ?? ".");
  const kind = kindOf(start);
  if (kind === "file") return start;
  const flake = kind === "none" ? /^(.*)#([^#]*)$/.exec(given ?? "") : null;
  if (flake !== null) return flakeNetwork(flake[1]!, flake[2]!, directory);
  if (kind === "none") throw new NoNetworkFile(`network file '${given}' does not exist`);
  const found = fileIn(start);
  if (found !== undefined) return found;
  const looked = "default.nix, network.nix or nixus.config.ts";
  throw new UserError(
    given === undefined
      ? `there is no network file here (looked for ${looked}); name one with -f FILE`
      : `directory '${given}' has no network file (looked for ${looked})`,
  );
}

/** As flake-network.ts writes it. What nixus.lock keeps has to lie beside a network, so the flake is a directory here. */
function flakeNetwork(reference: string, output: string, directory: string): string {
  const file = join(resolve(directory, reference.replace(/^path:/, "") || "."), "flake.nix");
  if (kindOf(file) === "file") return `${file}#${output || "network"}`;
  throw new UserError(
    `'${reference || "."}' is no directory with a flake.nix; a network's flake is a directory of this machine, since nixus.lock lies beside it`,
  );
}

function kindOf(path: string): "file" | "directory" | "none" {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? "directory" : "file";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return "none";
    throw new UserError(`cannot read '${path}': ${(error as Error).message}`);
  }
}
