/** Thirty of the faults of `npm run faults`, of each kind and at each step. */
import { resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { CaseResult } from "./faults/case.ts";
import { allCases, runCases } from "./faults/run.ts";

const chosen = [
  ...["power-cut/prepare", "power-cut/half", "power-cut/wait", "power-cut/profile-set", "power-cut/release"],
  ...["restart/units", "restart/boot", "read-only/half"],
  ...["kill-deployer/copy", "kill-deployer/start", "kill-deployer/wait", "kill-deployer/boot"],
  ...["kill-switcher/arm", "kill-switcher/activate", "kill-switcher/commit", "kill-switcher/record"],
  ...["kill-switcher/rolled-half", "stop-switcher/profile", "kill-both/units", "kill-activation/boot"],
  ...["network-cut/activate", "reset/lock", "sshd-dies/wait", "lossy"],
  ...["activation-hangs/half", "roll-back-fails-once/rolled-half", "tool-fails/profile"],
  ...["generations-collected-and-fails/half", "second-deployer/half", "first/kill-switcher/half"],
];

let results: ReadonlyMap<string, CaseResult>;

beforeAll(async () => {
  const cases = allCases.filter(({ name }) => chosen.includes(name));
  const project = resolve(import.meta.dirname, "../..");
  results = new Map((await runCases(cases, { project })).map((result) => [result.name, result]));
}, 900_000);

test.each(chosen)("%s", (name) => {
  const result = results.get(name);
  expect(result, "there is no such case").toBeDefined();
  expect(result?.problems, result?.details.join("\n")).toEqual([]);
});
