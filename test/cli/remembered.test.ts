/** What a deployment leaves to the next one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { rememberDeployment, rememberMachines } from "../../src/cli/remembered.ts";
import type { DeploymentReport } from "../../src/deploy/deploy.ts";
import { readLastSeen } from "../../src/deploy/state/last-seen.ts";
import { readMissed } from "../../src/deploy/state/missed.ts";
import type { Event, Outcome } from "../../src/events/event.ts";
import { trivialNetwork } from "../deploy/trivial-system.ts";

const template = trivialNetwork("new", {}, { name: "a", host: "a" });
const networkOf = (...names: string[]) => ({
  ...template,
  nodes: names.map((name) => ({ ...template.nodes[0]!, name, host: name })),
});
const reportOf = (outcomes: Readonly<Record<string, Outcome>>): DeploymentReport => ({
  ok: false,
  nodes: Object.entries(outcomes).map(([node, outcome]) => ({
    ...{ node, outcome, system: "/nix/store/x", problem: null, ok: true, runs: "/nix/store/x", output: [] },
  })),
});

let directory: string;
const events: Event[] = [];
const sink = (event: Event) => void events.push(event);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nixus-remembered-"));
  events.length = 0;
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

const missed = () => readMissed(directory)?.nodes.map(({ name }) => name);

test("a part that is resumed leaves the rest missed", async () => {
  const file = "/network.nix";
  const first = reportOf({ a: "failed", b: "skipped", c: "activated" });
  await rememberDeployment(
    { directory, file, network: networkOf("a", "b", "c"), report: first, resumed: false },
    sink,
  );
  expect(missed()).toEqual(["a", "b"]);
  const part = { directory, file, network: networkOf("a"), resumed: true };
  await rememberDeployment({ ...part, report: reportOf({ a: "rolled-back" }) }, sink);
  expect(missed()).toEqual(["a", "b"]);
  await rememberDeployment({ ...part, report: reportOf({ a: "activated" }) }, sink);
  expect(missed()).toEqual(["b"]);
  await rememberDeployment({ ...part, network: networkOf("b"), report: reportOf({ b: "activated" }) }, sink);
  expect(missed()).toBeUndefined();
});

test("what can't be remembered is told, and is no failure", async () => {
  const file = "/network.nix";
  writeFileSync(join(directory, "machines.json"), "{");
  const report = reportOf({ a: "activated" });
  await rememberMachines({ directory, file, report }, sink);
  expect(events).toMatchObject([
    { type: "evaluation-warning", message: expect.stringContaining("machines.json") },
  ]);
  rmSync(join(directory, "machines.json"));
  await rememberMachines({ directory, file, report }, sink);
  expect(readLastSeen(directory)).toEqual(new Map([["a", "/nix/store/x"]]));
});
