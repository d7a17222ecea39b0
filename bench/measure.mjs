// One case by both programs in turn, and what the kernel says of each run.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * @typedef {{ wall: number, cpu: number, memory: number }} Usage seconds, seconds (user and system), MiB at the peak
 * @typedef {{ nix: Usage, nixus: Usage, ratio: { wall: number, cpu: number, memory: number } }} Measurement medians
 */

const runner = join(import.meta.dirname, "run-one.mjs");

/**
 * @param {readonly string[]} nix
 * @param {readonly string[]} nixus
 * @param {number} runs
 * @param {{ sameOutput?: boolean }} [options] whether both have to print the same
 * @returns {Measurement}
 */
export function measure(nix, nixus, runs, { sameOutput = true } = {}) {
  /** @type {Usage[]} */
  const theirs = [];
  /** @type {Usage[]} */
  const ours = [];
  for (let i = 0; i < runs; i++) {
    const a = once(nix);
    const b = once(nixus);
    if (sameOutput && a.output !== b.output) {
      throw new Error(`not the same value:\n  Nix:   ${a.output}\n  Nixus: ${b.output}`);
    }
    theirs.push(a.usage);
    ours.push(b.usage);
  }
  const [left, right] = [medians(theirs), medians(ours)];
  const ratio = {
    wall: right.wall / left.wall,
    cpu: right.cpu / left.cpu,
    memory: right.memory / left.memory,
  };
  return { nix: left, nixus: right, ratio };
}

/**
 * In a process between, since the kernel adds up the usage of all children that a process has waited for.
 *
 * @param {readonly string[]} command
 * @returns {{ output: string, usage: Usage }}
 */
function once(command) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [runner, ...command], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command[0]} failed:\n${stderr}`);
  return JSON.parse(stdout);
}

/**
 * @param {readonly Usage[]} usages
 * @returns {Usage}
 */
function medians(usages) {
  return {
    wall: median(usages.map((usage) => usage.wall)),
    cpu: median(usages.map((usage) => usage.cpu)),
    memory: median(usages.map((usage) => usage.memory)),
  };
}

/**
 * The middle one; of an even number the higher one of the two.
 *
 * @param {readonly number[]} numbers
 */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}
