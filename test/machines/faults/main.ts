/**
 * The program behind `npm run faults`: node faults.js PROJECT [NAME...]. Runs the cases whose names begin with one of
 * the names, all that take no virtual machine when there is none, and writes the table of docs/reference/faults.md when
 * there is a result of each of those. --table writes it from the results that there are.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseResult } from "./case.ts";
import { allCases, runCases } from "./run.ts";
import { keepResults, writeTable } from "./table.ts";

const [project = ".", ...names] = process.argv.slice(2);
const directory = join(project, "dist-test");
const file = join(directory, "faults.json");
const page = join(project, "docs/reference/faults.md");
if (names[0] === "--table") {
  writeTable(page, keepResults(file, [], allCases), allCases);
  process.exit(0);
}
/** Where there is no KVM, those on virtual machines take hours. */
const ordinary = allCases.filter(({ place }) => place === "container");
const chosen =
  names.length === 0
    ? ordinary
    : allCases.filter(({ name }) => names.some((wanted) => name === wanted || name.startsWith(`${wanted}/`)));
if (chosen.length === 0) {
  console.error(
    `there is no case ${names.join(", ")}; the cases are:\n${allCases.map(({ name }) => name).join("\n")}`,
  );
  process.exit(2);
}
mkdirSync(directory, { recursive: true });
let done = 0;
let all: readonly CaseResult[] = [];
const results = await runCases(chosen, {
  project,
  onResult: (result) => {
    const { name, problems, details, runs, reported, rebooted, seconds } = result;
    done += 1;
    all = keepResults(file, [result], allCases);
    const end = `${runs}${rebooted ? " after a restart" : ""}, reported ${reported ?? "by nobody"}`;
    const verdict = problems.length === 0 ? "passed" : "FAILED";
    console.log(`${done}/${chosen.length} ${verdict} ${name}: ${end} (${seconds.toFixed(0)} s)`);
    for (const problem of [...problems, ...details]) console.log(`    ${problem.replaceAll("\n", "\n    ")}`);
  },
});
const known = new Set(all.map(({ name }) => name));
if (ordinary.every(({ name }) => known.has(name))) writeTable(page, all, allCases);
const failed = results.filter(({ problems }) => problems.length > 0).length;
console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
