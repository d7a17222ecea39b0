/** Faults of deployments that restart the machine into its new system. */
import type { End, Fault, Scene } from "./case.ts";
import { killDeployer, powerBack } from "./common.ts";

const before = ["once", "unit", "mark"] as const;
const there = ["taken-up", "started", "asked"] as const;
const committing = ["confirmed", "default"] as const;

type StepName = (typeof before)[number] | "leave" | (typeof there)[number] | (typeof committing)[number];

function at(...groups: readonly (readonly [readonly StepName[], End])[]): Record<string, End> {
  return Object.fromEntries(groups.flatMap(([names, end]) => names.map((name) => [name, end])));
}

/** The switcher, under whichever name it runs. */
const units = "'nixus-switch-*.service' 'nixus-boot-*.service'";

/** Resolves when the machine has restarted once more than by now. It does not stop before what is held is let go. */
async function restart({ rig, step, systems }: Scene): Promise<void> {
  const boots = rig.machine.bootCount;
  await rig.machine.exec("/usr/bin/systemctl reboot --no-block");
  // It may be down by then.
  await step?.release(rig, systems).catch(() => {});
  await rig.until("the restart", () => rig.machine.bootCount > boots && rig.machine.isOn, 120_000);
  await rig.machine.waitForSsh();
}

const described: readonly Fault[] = [
  {
    name: "power-cut",
    what: "the power is cut",
    at: at(
      [[...before, ...there], "old"],
      // All was ready: it starts into the new system, and is confirmed there.
      [["leave"], "new"],
      [["confirmed"], "old"],
      [["default"], "either"],
    ),
    inject: ({ rig }) => rig.machine.powerCut(),
    heal: powerBack,
  },
  {
    name: "restart",
    what: "somebody restarts the machine",
    at: at([[...before, ...there], "old"], [["mark", ...committing], "either"], [["leave"], "new"]),
    inject: restart,
  },
  {
    name: "kill-deployer",
    what: "SIGKILL of the deployer and its connections",
    at: at([[...before, "leave", ...there], "old"], [committing, "new"]),
    inject: (scene) => killDeployer(scene),
    reports: [null],
  },
  {
    name: "kill-switcher",
    what: "SIGKILL of the switcher",
    // Where it has not taken the deployment up yet, the watchdog does so, which the deployer's question arms if need be.
    at: at(
      [[...before, "leave", "asked"], "old"],
      [["started"], "either"],
      [["taken-up", ...committing], "new"],
    ),
    inject: async ({ rig }) => {
      await rig.machine.exec(`systemctl kill --kill-whom=main --signal=KILL ${units}`);
    },
  },
  {
    name: "stop-watchdog",
    what: "the watchdog's timer is stopped by somebody",
    at: at([[...before, "leave", "started", "asked", ...committing], "new"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("systemctl stop 'nixus-watchdog-*.timer'");
    },
  },
  {
    name: "network-cut",
    what: "the network is cut, and back when all is over",
    // A restart plugs a container's network in again.
    at: at([[...before, "leave"], "either"], [there, "old"], [committing, "new"]),
    inject: ({ rig }) => rig.machine.cutNetwork(),
    heal: async ({ rig }) => {
      await rig.until(
        "the end",
        async () => rig.machine.isOn && !(await rig.machine.exists("/var/lib/nixus/deployment")),
        180_000,
      );
      await rig.machine.restoreNetwork();
    },
  },
  {
    name: "unit-lost",
    what: "the unit that the start should find is gone",
    at: at([["leave"], "new"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("rm -rf /etc/systemd/system.attached && sync");
    },
  },
  {
    name: "mark-lost",
    what: "the mark that the start should find is gone",
    at: at([["leave"], "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("rm -f /var/lib/nixus/linux/once && sync");
    },
  },
  {
    name: "tool-fails",
    what: "the command that is held fails",
    at: at([before, "old"], [["confirmed", "default"], "old"]),
    inject: async ({ rig, step, systems }) => {
      const moments: Readonly<Record<string, string>> = {
        ...{ once: "booting.lock", unit: "booting.sync", mark: "booting.mark" },
        ...{ confirmed: "committing.sync", default: "committing.marked.sync" },
      };
      await rig.arm("fail", moments[step?.name ?? ""] ?? `late.${systems.new}`);
    },
    heal: async ({ rig }) => {
      await rig.until(
        "the end",
        async () => rig.machine.isOn && !(await rig.machine.exists("/var/lib/nixus/deployment")),
        180_000,
      );
    },
  },
];

/** Their cases are called `reboot/FAULT/STEP`. */
export const rebootFaults: readonly Fault[] = described.map((fault) => ({
  ...fault,
  name: `reboot/${fault.name}`,
  network: { ...fault.network, reboots: true },
}));
