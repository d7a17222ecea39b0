// `npm test` and its parts: sets up what is missing, runs the checks and tests, and adds up the results.
//
//   node scripts/test.mjs                    everything
//   node scripts/test.mjs unit               unit tests
//   node scripts/test.mjs machines [NAME]    machine tests; NAME: those of test/machines/NAME*.machine.ts
//   node scripts/test.mjs virtual            tests on virtual machines, which take too long to be part of everything
//
// The last line is "N passed, N failed, N skipped": tests, and one failed for each check that failed.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureNpmPackages } from "./setup/npm.mjs";
import { project } from "./setup/project.mjs";
import { SetupError } from "./setup/step.mjs";
import { setUpChecks, setUpMachines, setUpProgram, setUpVirtualMachines } from "./setup.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const total = { passed: 0, failed: 0, skipped: 0 };

/** @param {Partial<Counts>} counts */
function add({ passed = 0, failed = 0, skipped = 0 }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}

/**
 * Runs a program of node_modules/.bin or the system with our output.
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<boolean>} whether it succeeded
 */
function show(program, args) {
  const { PATH = "" } = process.env;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: project,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PATH: `${join(project, "node_modules/.bin")}:${PATH}` },
    });
    child.on("error", (error) => {
      console.error(`cannot run ${program}: ${error.message}`);
      resolve(false);
    });
    child.on("close", (code) => resolve(code === 0));
  });
}

/**
 * A check: silent about success, counted when it fails.
 * @param {string} title
 * @param {string} program
 * @param {readonly string[]} args
 */
async function check(title, program, args) {
  console.log(`\n> ${title}`);
  if (await show(program, args)) return;
  console.log(`${title} failed`);
  add({ failed: 1 });
}

/**
 * Runs a step of the set-up; what cannot be set up counts as one failure, and the rest goes on.
 * @template T
 * @param {() => Promise<T>} setUp
 * @returns {Promise<T | undefined>}
 */
async function attempt(setUp) {
  try {
    return await setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    add({ failed: 1 });
    return undefined;
  }
}

/**
 * Runs a project of vitest and adds up its results.
 * @param {"unit" | "machines" | "virtual"} name
 * @param {readonly string[]} args
 */
async function vitest(name, args) {
  console.log(`\n> ${name} tests`);
  const scratch = mkdtempSync(join(tmpdir(), "nixus-test-"));
  try {
    const file = join(scratch, "results.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const succeeded = await show("vitest", ["run", "--project", name, ...reporters, ...args]);
    const counts = readResults(file);
    // A run can fail without a failed test: none found, an error outside of tests, a crash.
    if (!succeeded && counts.failed === 0) counts.failed = 1;
    add(counts);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * @param {string} file what vitest's JSON reporter wrote; missing when it crashed
 * @returns {Counts}
 */
function readResults(file) {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const results = JSON.parse(text);
  /** @type {{ status: string, assertionResults: unknown[] }[]} */
  const files = results.testResults;
  // A file that cannot be loaded has no tests to fail.
  const broken = files.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

async function runChecks() {
  const missing = await attempt(setUpChecks);
  await check("biome check", "biome", ["check", "."]);
  await check("tsc", "tsc", ["--noEmit"]);
  await check("knip", "knip", []);
  const scripts = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sh"))
    .map((path) => join("src", path))
    .sort();
  if (missing !== undefined) {
    console.log(`\nshellcheck skipped: ${missing}`);
    add({ skipped: 1 });
  } else if (scripts.length > 0) await check("shellcheck", "shellcheck", scripts);
}

/** @param {string} [name] */
async function runMachines(name) {
  const failedBefore = total.failed;
  const problem = await attempt(setUpMachines);
  if (total.failed > failedBefore) return;
  if (problem !== undefined) {
    const files = readdirSync(join(project, "test/machines")).filter(
      (file) => file.endsWith(".machine.ts") && file.startsWith(name ?? ""),
    );
    console.log(`\nmachine tests skipped (${files.length} files): ${problem}`);
    add({ skipped: files.length });
    return;
  }
  // Most of a test is waiting for its machines: two cores carry those of two.
  await vitest("machines", ["--maxWorkers=2", ...(name === undefined ? [] : [`test/machines/${name}`])]);
}

async function runVirtualMachines() {
  const failedBefore = total.failed;
  const problem = (await attempt(setUpMachines)) ?? (await attempt(setUpVirtualMachines));
  if (total.failed > failedBefore) return;
  if (problem !== undefined) {
    console.log(`\ntests on virtual machines skipped: ${problem}`);
    add({ skipped: 1 });
    return;
  }
  await vitest("virtual", ["--no-file-parallelism"]);
}

const [part = "all", name] = process.argv.slice(2);
if (!["all", "unit", "machines", "virtual"].includes(part) || (part !== "machines" && name !== undefined)) {
  console.error("usage: node scripts/test.mjs [all | unit | machines [NAME] | virtual]");
  process.exit(2);
}

try {
  await ensureNpmPackages();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}
await attempt(setUpProgram);
if (part === "all") await runChecks();
if (part === "all" || part === "unit") await vitest("unit", []);
if (part === "all" || part === "machines") await runMachines(name);
if (part === "virtual") await runVirtualMachines();
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
