// What is built from the sources: the program, and the library of test machines.

import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { project } from "./project.mjs";
import { command, step } from "./step.mjs";

/**
 * @typedef {object} Product
 * @property {string} title what is built, for people
 * @property {string} config tsdown's configuration file
 * @property {string} output the file whose age is that of the whole product
 * @property {readonly string[]} [last] files that a build has made only when it is through; removed when it begins
 * @property {readonly string[]} sources files and directories that it is built from
 */

/** @type {Product} */
const program = {
  title: "Building nixus",
  config: "tsdown.config.ts",
  output: "dist/cli/main.js",
  last: ["dist/index.d.ts", "dist/fleet/network/no-nodes.nix"],
  sources: ["src"],
};

/** @type {Product} */
const labLibrary = {
  title: "Building the library of test machines",
  config: "tsdown.lab.config.ts",
  output: "dist-test/lab.js",
  sources: ["test/machines/lib", "scripts/setup"],
};

/** @type {Product} */
const faults = {
  title: "Building the faults",
  config: "tsdown.lab.config.ts",
  output: "dist-test/faults.js",
  sources: ["test/machines/lib", "test/machines/faults", "scripts/setup"],
};

/** @type {Product} */
const engine = {
  title: "Building the engine for benchmarks",
  config: "tsdown.bench.config.ts",
  output: "dist-test/engine/index.js",
  sources: ["src"],
};

/** Builds dist/, when it is older than its sources. */
export const ensureProgram = () => ensure(program);

/** Builds dist-test/lab.js, when it is older than its sources. */
export const ensureLabLibrary = () => ensure(labLibrary);

/** Builds dist-test/faults.js, when it is older than its sources. */
export const ensureFaults = () => ensure(faults);

/** Builds dist-test/engine, when it is older than its sources. */
export const ensureEngine = () => ensure(engine);

/** @param {Product} product */
async function ensure(product) {
  const output = join(project, product.output);
  const sources = [...product.sources, product.config, "package.json", "tsconfig.json"];
  const newest = Math.max(...sources.map((source) => lastChange(join(project, source))));
  const built = statSync(output, { throwIfNoEntry: false });
  // One that was broken off has the output, but not all that it needs.
  const isWhole = (product.last ?? []).every((file) => existsSync(join(project, file)));
  if (isWhole && built !== undefined && built.mtimeMs >= newest) return;
  const start = new Date();
  await step(product.title, () =>
    command(
      [process.execPath, join(project, "node_modules/tsdown/dist/run.mjs"), "--config", product.config],
      {
        cwd: project,
      },
    ),
  );
  // A source that was changed during the build counts as newer than the result.
  utimesSync(output, start, start);
}

/**
 * When a file, or anything in a directory, was last changed (milliseconds); directories tell of files removed.
 * @param {string} path
 * @returns {number}
 */
function lastChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}
