/** The table of docs/reference/faults.md: fault x step -> outcome, from the results of runs. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Case, CaseResult } from "./case.ts";
import { faults } from "./faults.ts";
import { rebootFaults } from "./reboot-faults.ts";
import { rebootSteps } from "./reboot-steps.ts";
import { type Step, steps } from "./steps.ts";
import { virtualFaults } from "./virtual.ts";

const others = virtualFaults.filter(({ name }) => faults.every((fault) => fault.name !== name));
const everyFault = [...faults, ...rebootFaults, ...others];
const isBefore = ({ phase }: Step) => ["before", "begun", "activating"].includes(phase);
const halves = [steps.filter(isBefore), steps.filter((step) => !isBefore(step))];

/** Whether it was on a virtual machine. */
const isVirtual = ({ name }: CaseResult): boolean => name.startsWith("vm/");

/** Adds results to those of earlier runs. Only cases that there still are, in their order. */
export function keepResults(
  file: string,
  results: readonly CaseResult[],
  cases: readonly Case[],
): CaseResult[] {
  const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as CaseResult[]) : [];
  const byName = new Map([...earlier, ...results].map((result) => [result.name, result]));
  const all = cases.flatMap(({ name }) => byName.get(name) ?? []);
  writeFileSync(file, JSON.stringify(all, null, 1));
  return all;
}

export function writeTable(file: string, results: readonly CaseResult[], cases: readonly Case[]): void {
  const virtual = results.filter(isVirtual);
  const containers = results.filter((result) => !isVirtual(result));
  const ordinary = containers.filter(({ first }) => !first);
  const first = containers.filter((result) => result.first);
  const failed = results.filter(({ problems }) => problems.length > 0);
  const sections = [
    introduction(results, cases),
    "## Steps\n",
    table(
      ["step", "what happens at that moment"],
      steps.map(({ name, what }) => [`\`${name}\``, what]),
    ),
    "## Faults at a step\n",
    ...halves.map((columns) => matrix(ordinary, columns)),
    "## Faults of the new system, or of the machine\n",
    withoutStep(ordinary),
    "## The first deployment of a machine\n",
    "There is no system to go back to: `old` is the machine as it was found, generation 0.\n",
    ...halves.map((columns) => matrix(first, columns)),
    "## Deployments that restart the machine into its new system\n",
    table(
      ["step", "what happens at that moment"],
      rebootSteps.map(({ name, what }) => [`\`${name}\``, what]),
    ),
    matrix(ordinary, rebootSteps),
    ...virtualSections(virtual),
    ...(failed.length > 0
      ? ["## Failed\n", ...failed.map(({ name, problems }) => `- \`${name}\`: ${problems.join("; ")}`), ""]
      : []),
  ];
  writeFileSync(file, sections.filter((section) => section !== "").join("\n"));
}

/** What containers can't show: they share the page cache and the clock of the machine that they run on. */
function virtualSections(results: readonly CaseResult[]): string[] {
  if (results.length === 0) return [];
  const [later, first] = [
    results.filter((result) => !result.first),
    results.filter((result) => result.first),
  ];
  return [
    "## On virtual machines\n",
    `Debian's kernel on ext4. A power cut is SIGKILL of the machine and of its disk, whose write cache is lost: all is gone that
the kernel had not written and told the disk to flush.
`,
    ...halves.map((columns) => matrix(later, columns)),
    withoutStep(later),
    first.length === 0 ? "" : "The first deployment of a virtual machine:\n",
    ...halves.map((columns) => matrix(first, columns)),
    withoutStep(first),
  ];
}

function withoutStep(results: readonly CaseResult[]): string {
  return table(
    ["fault", "what happens", "ends on", "report"],
    results
      .filter(({ step }) => step === null)
      .map((result) => [`\`${result.fault}\``, whatOf(result.fault), ends(result), reported(result)]),
  );
}

function introduction(results: readonly CaseResult[], cases: readonly Case[]): string {
  const count = (condition: (result: CaseResult) => boolean) => results.filter(condition).length;
  const waiting = cases.length - results.length;
  const others = waiting === 0 ? "" : `; ${waiting} wait for their next run`;
  return `# Faults during a deployment

What becomes of a machine when something goes wrong at a step of its deployment. Written by \`npm run faults\` from what it
found on real machines: ${count(({ problems }) => problems.length === 0)} of ${cases.length} cases have passed, ${count(({ problems }) => problems.length > 0)} have failed${others}.
${count(({ runs }) => runs === "old")} ended on the previous system, ${count(({ runs }) => runs === "new")} on the new one, ${count(({ rebooted }) => rebooted)} by way of a restart.

In each case the deployment is held at the step, the fault happens, the deployment goes on, and then all of this holds,
without anybody's hand: the machine can be reached over SSH, it runs one system as a whole and its profile is the same,
its services run and no unit has failed, no lock, unit or protection from the garbage collector is left, what was reported
and what the machine has recorded is what it runs, and the next deployment finds everything in order.

\`new\`: the machine ended on the new system. \`old\`: on the previous one. ↻: it was restarted in between. An empty
cell: the fault can't happen there or makes no sense${waiting === 0 ? "" : ", or it waits for its next run"}.
`;
}

function matrix(results: readonly CaseResult[], columns: readonly Step[]): string {
  const rows = everyFault.flatMap(({ name }) => {
    const own = results.filter(({ fault, step }) => fault === name && step !== null);
    const cells = columns.map((step) => {
      const result = own.find((candidate) => candidate.step === step.name);
      return result === undefined ? "" : ends(result);
    });
    return cells.every((cell) => cell === "") ? [] : [[whatOf(name), ...cells]];
  });
  return table(["", ...columns.map(({ name }) => `\`${name}\``)], rows);
}

function ends({ runs, rebooted, problems }: CaseResult): string {
  if (problems.length > 0) return "**failed**";
  return rebooted ? `${runs} ↻` : runs;
}

function reported({ reported: outcome }: CaseResult): string {
  return outcome ?? "none";
}

function whatOf(name: string): string {
  return everyFault.find((fault) => fault.name === name)?.what ?? name;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [
    line(head),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...rows.map(line),
    "",
  ].join("\n");
}
