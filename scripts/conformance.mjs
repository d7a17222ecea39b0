// `npm run conformance`: Nixus beside Nix's and nixpkgs' own tests, and beside an installed Nix.
//
//   npm run conformance -- [--nix-src DIR] [--nixpkgs DIR] [--nixpkgs-lib DIR] [--nix COMMAND] [NAME...]
//
//   --nix-src DIR      a source tree of Nix: its language tests
//   --nixpkgs DIR      a nixpkgs that the installed Nix evaluates: derivations of packages, NixOS systems, networks and examples
//   --nixpkgs-lib DIR  a recent nixpkgs, or its lib: lib/tests
//   --nix COMMAND      the nix-instantiate to compare with; default: nix-instantiate
//   --nixus COMMAND    ours; default: the built program (npm run build)
//   NAME               only the suites of test/conformance/ whose file contains it
//
// What has no source is skipped, and says so. The last line is "N passed, N failed, N skipped".

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { project } from "./setup/project.mjs";

/**
 * @typedef {{
 *   numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: { status: string, assertionResults: { status: string, title: string }[] }[],
 * }} Results what vitest's JSON reporter writes
 */

const directories = {
  "nix-src": { variable: "NIXUS_NIX_SRC", holds: "tests/functional/lang" },
  nixpkgs: { variable: "NIXUS_NIXPKGS", holds: "nixos/default.nix" },
  "nixpkgs-lib": { variable: "NIXUS_NIXPKGS_LIB", holds: undefined },
};

/**
 * @param {string} message
 * @returns {never}
 */
function refuse(message) {
  console.error(`conformance: ${message}`);
  process.exit(2);
}

function readArguments() {
  const string = /** @type {const} */ ({ type: "string" });
  try {
    return parseArgs({
      allowPositionals: true,
      options: { "nix-src": string, nixpkgs: string, "nixpkgs-lib": string, nix: string, nixus: string },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
/** @type {Record<string, string>} */
const variables = {};
for (const [name, { variable, holds }] of Object.entries(directories)) {
  const given = values[/** @type {keyof typeof directories} */ (name)];
  if (given === undefined) continue;
  const path = resolve(given);
  if (!existsSync(join(path, holds ?? "."))) refuse(`--${name}: there is no ${join(path, holds ?? "")}`);
  variables[variable] = path;
}
if (values.nix !== undefined) variables["NIXUS_NIX"] = values.nix;
if (values.nixus !== undefined) variables["NIXUS_COMMAND"] = values.nixus;
else if (!existsSync(join(project, "dist/cli/main.js"))) refuse("there is no dist/: npm run build");

const scratch = mkdtempSync(join(tmpdir(), "nixus-conformance-"));
try {
  const file = join(scratch, "results.json");
  const { status, error } = spawnSync(
    join(project, "node_modules/.bin/vitest"),
    [
      ...["run", "--project", "conformance", "--reporter=default", "--reporter=json"],
      // One suite after the other: each of them runs two programs at a time.
      ...[`--outputFile.json=${file}`, "--no-file-parallelism"],
      ...positionals.map((name) => `test/conformance/${name}`),
    ],
    { cwd: project, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...variables } },
  );
  if (error !== undefined) refuse(`cannot run vitest: ${error.message}`);
  report(file, status === 0);
} finally {
  rmSync(scratch, { recursive: true });
}

/**
 * @param {string} file missing when vitest crashed
 * @param {boolean} succeeded
 */
function report(file, succeeded) {
  /** @type {Results | undefined} */
  const results = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  const suites = results?.testResults ?? [];
  for (const { assertionResults } of suites) {
    for (const { status, title } of assertionResults) {
      if (status === "skipped" || status === "pending") console.log(`skipped: ${title}`);
    }
  }
  // A file that cannot be loaded has no tests to fail, and a run can fail without a failed test.
  const broken = suites.filter((suite) => suite.status === "failed" && suite.assertionResults.length === 0);
  let failed = (results?.numFailedTests ?? 0) + broken.length;
  if (!succeeded && failed === 0) failed = 1;
  const skipped = (results?.numPendingTests ?? 0) + (results?.numTodoTests ?? 0);
  console.log(`\n${results?.numPassedTests ?? 0} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}
