/** A thousand machines behind a fake ssh, fifty of which fail in one way or another: the report is true. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import { remoteCommand } from "../../src/deploy/ssh/remote-script.ts";
import { switcherObject } from "../../src/deploy/target/scripts.ts";
import type { Event } from "../../src/events/event.ts";
import { fitFacts } from "./rig/fake-machine.ts";
import { outcomeOf, randomFates, writeFleetSsh } from "./rig/fleet-ssh.mjs";
import { trivialNetwork } from "./trivial-system.ts";

const seed = Number(process.env["NIXUS_SEED"] ?? 7);

test(`the report of a deployment to 1000 machines says what became of each (seed ${seed})`, {
  timeout: 600_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "nixus-fleet-"));
  const path = process.env["PATH"];
  onTestFinished(() => {
    process.env["PATH"] = path;
    rmSync(directory, { recursive: true, force: true });
  });
  const hosts = Array.from({ length: 1000 }, (_, index) => `host${index}`);
  const fates = randomFates(hosts, 50, seed);
  const line = (script: string) => remoteCommand(script, ["sudo"]);
  writeFleetSsh(directory, fates, line, switcherObject().path, fitFacts);
  process.env["PATH"] = `${directory}:${path}`;
  const template = trivialNetwork("new", {}, { name: "x", host: "x" });
  const network = {
    ...template,
    nodes: hosts.map((host) => ({ ...template.nodes[0]!, name: host, host })),
  };
  const events: Event[] = [];
  const report = await deploy(network, { parallel: 32 }, (event) => events.push(event));
  const expected = Object.fromEntries(hosts.map((host) => [host, outcomeOf(fates.get(host) ?? "activated")]));
  expect(Object.fromEntries(report.nodes.map(({ node, outcome }) => [node, outcome]))).toEqual(expected);
  expect(report.ok).toBe(false);
  expect(report.nodes.filter(({ ok }) => !ok)).toHaveLength(50);
  const finished = events.flatMap((event) =>
    event.type === "finished" ? [[event.node, event.outcome]] : [],
  );
  expect(Object.fromEntries(finished)).toEqual(expected);
  expect(finished).toHaveLength(1000);
  const summary = events.at(-1);
  const counts = Object.values(expected).reduce<Record<string, number>>((sum, outcome) => {
    sum[outcome] = (sum[outcome] ?? 0) + 1;
    return sum;
  }, {});
  expect(summary).toMatchObject({ type: "summary", ok: false, outcomes: counts });
});
