// The table, for the terminal and for docs/explanation/performance.md.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { project } from "../scripts/setup/project.mjs";

/** @typedef {import("./measure.mjs").Measurement & { name: string }} Row */

const report = join(project, "docs/explanation/performance.md");
const [begin, end] = ["<!-- npm run bench -- --write: begin -->", "<!-- end -->"];

/**
 * What it was measured on.
 *
 * @param {string} nixVersion
 */
export function machine(nixVersion) {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${processors.length} cores, ${memory} GiB; Node ${process.version}; ${nixVersion}`;
}

/** @param {readonly Row[]} rows */
export function table(rows) {
  const heading = [
    "",
    "wall s: Nix",
    "Nixus",
    "ratio",
    "cpu s: Nix",
    "Nixus",
    "ratio",
    "MiB: Nix",
    "Nixus",
    "ratio",
  ];
  const lines = rows.map(({ name, nix, nixus, ratio }) => [
    name,
    ...[nix.wall, nixus.wall, ratio.wall].map((number) => number.toFixed(2)),
    ...[nix.cpu, nixus.cpu, ratio.cpu].map((number) => number.toFixed(2)),
    // 0: it was over before its memory could be looked at.
    ...[nix.memory, nixus.memory].map((number) => (number > 0 ? number.toFixed(0) : "-")),
    Number.isFinite(ratio.memory) ? ratio.memory.toFixed(2) : "-",
  ]);
  const widths = heading.map((title, column) =>
    Math.max(3, title.length, ...lines.map((line) => /** @type {string} */ (line[column]).length)),
  );
  const row = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [row(heading), rule, ...lines.map(row)].join("\n");
}

/**
 * Replaces the measurements in the report.
 *
 * @param {string} where
 * @param {string} text
 */
export function writeReport(where, text) {
  const old = readFileSync(report, "utf8");
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${report}: the marks around the measurements are missing`);
  const measured = `${begin}\n\nMeasured on: ${where}.\n\n${text}\n\n`;
  writeFileSync(report, old.slice(0, from) + measured + old.slice(to));
}
