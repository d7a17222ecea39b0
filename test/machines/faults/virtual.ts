/**
 * Faults that take a virtual machine: what a disk has when the power is cut, and a clock of the machine's own. Everything
 * else about the protocol, containers show faster.
 */
import type { End, Fault, Scene } from "./case.ts";
import { killDeployer, powerBack } from "./common.ts";
import { faults } from "./faults.ts";
import type { Rig } from "./rig.ts";

/** What is being copied is copied again when the machine is back. */
const cuts: Readonly<Record<string, End>> = {
  copy: "either",
  prepare: "old",
  activate: "old",
  half: "old",
  wait: "old",
  commit: "old",
  profile: "old",
  "profile-set": "either",
  boot: "new",
  record: "new",
  release: "new",
  "rolled-half": "old",
};

function powerCut(at: Readonly<Record<string, End>>): Fault {
  const fault = faults.find(({ name }) => name === "power-cut");
  if (fault === undefined) throw new Error("there is no fault power-cut");
  return { ...fault, at };
}

/** The moment at which the deployer says so: nothing may be left to be written. */
const cutAtTheEnd: Fault = {
  name: "power-cut-at-the-end",
  what: "the power is cut as soon as the new system is reported as activated",
  at: "new",
  heal: async (scene) => {
    await scene.deployment.done;
    await scene.rig.machine.powerCut();
    await powerBack(scene);
  },
};

/** Sets the clock so many seconds from where it is, and gives the watchdog time to see it. */
async function moveClock(rig: Rig, seconds: number): Promise<void> {
  await rig.machine.exec(`date --set="@$(($(date +%s) + ${seconds}))"; sleep 5`);
}

async function setClock({ rig }: Scene): Promise<void> {
  await rig.machine.exec(`date --set="@${Math.round(Date.now() / 1000)}"; hwclock --systohc`);
}

const hours = 3600;
const steps = { activate: "new", half: "new", wait: "new", commit: "new", "rolled-half": "old" } as const;

const clocks: readonly Fault[] = [
  {
    name: "clock-ahead",
    what: "the clock is set 6 hours ahead",
    at: steps,
    inject: ({ rig }) => moveClock(rig, 6 * hours),
    end: setClock,
  },
  {
    name: "clock-back",
    what: "the clock is set 6 hours back",
    at: steps,
    inject: ({ rig }) => moveClock(rig, -6 * hours),
    end: setClock,
  },
  {
    name: "clock-ahead-alone",
    what: "the clock is set 6 hours ahead, and SIGKILL of the deployer",
    at: { wait: "old" },
    inject: async (scene) => {
      await moveClock(scene.rig, 6 * hours);
      await killDeployer(scene);
    },
    end: setClock,
    reports: [null],
  },
  {
    name: "clock-back-alone",
    what: "the clock is set 6 hours back, and SIGKILL of the deployer",
    at: { half: "old", wait: "old" },
    inject: async (scene) => {
      await moveClock(scene.rig, -6 * hours);
      await killDeployer(scene);
    },
    end: setClock,
    reports: [null],
  },
  {
    name: "clock-lost",
    what: "the power is cut, and the clock is in 2001 afterwards",
    at: { half: "old", boot: "new" },
    inject: async ({ rig }) => {
      await rig.machine.exec('hwclock --set --date="2001-01-01 00:00:00" --utc');
      await rig.machine.powerCut();
    },
    heal: powerBack,
    end: setClock,
  },
];

export const virtualFaults: readonly Fault[] = [powerCut(cuts), cutAtTheEnd, ...clocks];

/** On a machine that was never deployed: its generation 0 has to be there after a power cut as well. */
export const firstVirtualFaults: readonly Fault[] = [
  powerCut({
    prepare: "old",
    half: "old",
    wait: "old",
    "profile-set": "either",
    boot: "new",
    release: "new",
  }),
  cutAtTheEnd,
];
