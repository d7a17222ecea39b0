/** What `npm run conformance` was told, as the variables that it passes on to the tests (scripts/conformance.mjs). */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** A source tree of Nix. */
export const nixSource = process.env["NIXUS_NIX_SRC"];
/** A nixpkgs that this machine's Nix can evaluate, as 20.09. */
export const nixpkgs = process.env["NIXUS_NIXPKGS"];
/** The folder that holds nixpkgs' `lib`, of a recent release. */
export const nixpkgsLib = libFolder(process.env["NIXUS_NIXPKGS_LIB"]);

/** A program with its first arguments. */
export type Command = readonly [string, ...string[]];

/** The `nix-instantiate` to compare with. */
export const nix: Command = words(process.env["NIXUS_NIX"]) ?? ["nix-instantiate"];
/** Ours, as users have it. */
export const nixus: Command = words(process.env["NIXUS_COMMAND"]) ?? [
  process.execPath,
  join(root, "dist/cli/main.js"),
  "nix-instantiate",
];

function words(text: string | undefined): Command | undefined {
  const [program, ...args] = (text ?? "").split(/\s+/).filter(Boolean);
  return program === undefined ? undefined : [program, ...args];
}

/** Whoever names nixpkgs itself, or the `lib` in it, means the same. */
function libFolder(path: string | undefined): string | undefined {
  return path !== undefined && existsSync(join(path, "lib/default.nix")) ? join(path, "lib") : path;
}

/** Stands for a suite that has no source to run. */
export function skipSuite(title: string, why: string): void {
  test.skip(`${title}: ${why}`, () => {});
}
