// `npm run bench`: the same evaluations by an installed Nix and by Nixus, in turn, in one run.
//
//   npm run bench -- [--nixpkgs DIR] [--nixpkgs-lib DIR] [--runs N] [--nix COMMAND] [--write] [NAME...]
//
//   --nixpkgs DIR      a nixpkgs that the installed Nix evaluates: hello and NixOS systems
//   --nixpkgs-lib DIR  the lib of a recent nixpkgs: its tests
//   --runs N           how often each is evaluated by each; default 3
//   --nix COMMAND      the nix-instantiate to compare with; default: nix-instantiate
//   --write            puts the table into docs/explanation/performance.md
//   NAME               only the cases whose name contains it
//
// Nixus is the built program (npm run build). Wall time says little on a machine that does other things as well:
// the processor time is what to compare there.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { project } from "../scripts/setup/project.mjs";
import { cases } from "./cases.mjs";
import { measure } from "./measure.mjs";
import { machine, table, writeReport } from "./report.mjs";

const string = /** @type {const} */ ({ type: "string" });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nixpkgs: string,
    "nixpkgs-lib": string,
    nix: { ...string, default: "nix-instantiate" },
    runs: { ...string, default: "3" },
    write: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: not a number of runs`);

const nix = /** @type {[string, ...string[]]} */ (values.nix.split(/\s+/));
const program = join(project, "dist/cli/main.js");
if (!existsSync(program)) throw new Error("dist/ is missing: run `npm run build` first");
const version = spawnSync(nix[0], [...nix.slice(1), "--version"], { encoding: "utf8" }).stdout?.trim();
if (!version) throw new Error(`${values.nix}: not found; name the Nix to compare with by --nix`);

const paths = {
  nixpkgs: values.nixpkgs && resolve(values.nixpkgs),
  nixpkgsLib: values["nixpkgs-lib"] && resolve(values["nixpkgs-lib"]),
};
/** @type {import("./report.mjs").Row[]} */
const rows = [];
const scratch = mkdtempSync(join(tmpdir(), "nixus-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const one of cases) {
  const { name, needs, args, expression, ours = expression, atMost = Number.POSITIVE_INFINITY } = one;
  if (positionals.length > 0 && !positionals.some((part) => name.includes(part))) continue;
  const missing = needs.find((key) => paths[key] === undefined);
  if (missing !== undefined) {
    console.log(`skipped: ${name} (needs --${missing === "nixpkgs" ? "nixpkgs" : "nixpkgs-lib"})`);
    continue;
  }
  const flags = ["--eval", "--strict", ...args, "-E"];
  const times = Math.min(runs, atMost);
  console.log(`${name}: ${times} times each ...`);
  const theirs = [...nix, ...flags, expression(paths)];
  const nixus =
    one.network === undefined
      ? [process.execPath, program, "nix-instantiate", ...flags, ours(paths)]
      : await prepareNetwork(one.network(paths), one.again);
  try {
    rows.push({ name, ...measure(theirs, nixus, times, { sameOutput: one.network === undefined }) });
  } catch (error) {
    // As where the installed Nix is too old for that nixpkgs.
    console.log(`skipped: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
const text = table(rows);
console.log(`\n${machine(version)}\n\n${text}`);
if (positionals.length === 0 || positionals.some((part) => "fleet".includes(part))) {
  spawnSync(process.execPath, [join(project, "bench/fleet.mjs")], { stdio: "inherit" });
}
if (values.write) writeReport(machine(version), text);

/**
 * The command that evaluates the nodes of the network, `again`: once it has done so before.
 *
 * @param {import("./cases.mjs").Network} network
 * @param {import("./cases.mjs").Case["again"]} again
 */
async function prepareNetwork({ files, change }, again) {
  writeFiles(files);
  const file = join(scratch, "network.nix");
  const command = [program, "build", "--dry-run", ...(again === undefined ? ["--no-eval-cache"] : []), file];
  // A cache of this run alone.
  process.env["XDG_CACHE_HOME"] = scratch;
  if (again !== undefined) {
    // What was written a moment ago would be read again.
    await setTimeout(3000);
    const evaluateOnce = () =>
      spawnSync(process.execPath, command, { stdio: ["ignore", "ignore", "inherit"] });
    evaluateOnce();
    if (again !== "unchanged") writeFiles(change(1));
    if (again === "changed again") {
      evaluateOnce();
      writeFiles(change(2));
    }
  }
  return /** @type {[string, ...string[]]} */ ([process.execPath, ...command]);
}

/** @param {Readonly<Record<string, string>>} files */
function writeFiles(files) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(scratch, name), text);
}
