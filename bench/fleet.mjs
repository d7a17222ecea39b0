// What the engine costs for each machine of a large deployment: processor time and memory of the deploying process, with
// machines that a fake ssh stands for. What ssh itself needs is not in it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureEngine } from "../scripts/setup/build.mjs";
import { randomFates, writeFleetSsh } from "../test/deploy/rig/fleet-ssh.mjs";

const machines = 1000;
const failures = 50;

const facts = {
  ...{
    "nixus-facts": "1",
    uid: "0",
    machine: "x86_64",
    init: "systemd",
    systemd: "252",
    nixVersion: "2.8.0",
  },
  ...{ packageManager: "apt", currentSystem: "/nix/store/00000000000000000000000000000000-old" },
  ...{ bootedSystem: "", profile: "/nix/store/00000000000000000000000000000000-old" },
  ...{ freeStore: "10000000000", freeState: "10000000000", bootId: "b" },
};

/** To be run in a process of its own: prints milliseconds of processor time for each machine, and MiB. */
async function measure() {
  await ensureEngine();
  const engine = (/** @type {string} */ path) =>
    import(new URL(`../dist-test/engine/${path}`, import.meta.url).href);
  const { deploy } = await engine("index.js");
  const { remoteCommand } = await engine("deploy/ssh/remote-script.js");
  const { switcherObject } = await engine("deploy/target/scripts.js");
  const hosts = Array.from({ length: machines }, (_, index) => `host${index}`);
  const switcher = switcherObject();
  const directory = mkdtempSync(join(tmpdir(), "nixus-fleet-"));
  try {
    const line = (/** @type {string} */ script) => remoteCommand(script, ["sudo"]);
    writeFleetSsh(directory, randomFates(hosts, failures, 7), line, switcher.path, facts);
    process.env["PATH"] = `${directory}:${process.env["PATH"]}`;
    const node = {
      ...{ platform: "linux", system: "x86_64-linux", toplevel: switcher.path, source: { type: "memory" } },
      ...{
        closure: [switcher.path],
        closurePaths: [],
        baseline: null,
        packages: [],
        secrets: [],
        phases: [],
      },
      ...{ tags: [], buildOn: "local", hasFastConnection: true, privilegeEscalationCommand: ["sudo"] },
      ...{ switchTimeout: 60, successTimeout: 20, ignoreFailingSystemdUnits: false, healthChecks: [] },
      ...{ after: [], atomicGroup: null, whenUnreachable: "fail", sshOptions: {}, rebootPolicy: "never" },
    };
    const network = {
      ...{ file: "/network.nix", objects: [switcher], failures: [], warnings: [], deployers: [] },
      nodes: hosts.map((host) => ({ ...node, name: host, host })),
    };
    const before = process.cpuUsage();
    const report = await deploy(network, { parallel: 32 }, () => {});
    const { user, system } = process.cpuUsage(before);
    const failed = report.nodes.filter((/** @type {{ ok: boolean }} */ { ok }) => !ok).length;
    if (failed !== failures) throw new Error(`${failed} machines failed instead of ${failures}`);
    const cpu = (user + system) / 1000 / machines;
    console.log(
      `deployment of ${machines} simulated machines, ${failures} of which fail: ${cpu.toFixed(1)} ms of processor time for each, ` +
        `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

await measure();
