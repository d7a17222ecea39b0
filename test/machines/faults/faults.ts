/** The faults: what happens, at which steps, and on which system the machine has to end. */
import type { End, Fault, Scene } from "./case.ts";
import { nodeName, type Rig } from "./rig.ts";

/** Copying is tried again when its connection is lost: a short fault ends on the new system, a longer one on the old. */
const before = ["connect", "copy"] as const;
const begun = ["lock", "start", "arm", "prepare"] as const;
const activating = ["activate", "half", "units", "wait"] as const;
const committing = ["commit", "profile", "profile-set", "boot"] as const;
const ending = ["record", "release"] as const;
const rollingBack = ["roll-back", "rolled-half", "rolled-units"] as const;

type StepName =
  | (typeof before)[number]
  | (typeof begun)[number]
  | (typeof activating)[number]
  | (typeof committing)[number]
  | (typeof ending)[number]
  | (typeof rollingBack)[number]
  | "reboot";

/** The steps of some groups, with an end each; later groups win. */
function at(...groups: readonly (readonly [readonly StepName[], End])[]): Record<string, End> {
  return Object.fromEntries(groups.flatMap(([names, end]) => names.map((name) => [name, end])));
}

const untilWord: readonly StepName[] = [...before, ...begun, ...activating];
const afterWord: readonly StepName[] = [...committing, ...ending];
const back: readonly StepName[] = [...rollingBack, "reboot"];

/** A disturbance that the deployment survives. */
const survived = at([[...untilWord, ...afterWord], "new"], [back, "old"]);

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function powerBack({ rig }: Scene): Promise<void> {
  await rig.machine.powerOn();
  await rig.machine.waitForSsh();
}

async function rebooted({ rig, boots }: Scene): Promise<void> {
  await rig.until("the reboot", () => rig.machine.bootCount > boots && rig.machine.isOn, 120_000);
  await rig.machine.waitForSsh();
}

/** The deployer ends with its connections, as when its machine does. */
export async function killDeployer(
  { rig, deployment }: Scene,
  signal: "KILL" | "INT" = "KILL",
): Promise<void> {
  deployment.kill(`SIG${signal}`);
  if (signal === "KILL") {
    await rig.lab.run(
      ["sh", "-c", 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = ssh ] && kill -KILL ${p#/proc/}; done'],
      {},
    );
  }
}

const killSwitcher = (rig: Rig, signal = "KILL") =>
  rig.machine.exec(`systemctl kill --kill-whom=main --signal=${signal} 'nixus-switch-*.service'`);

const stopWatchdog = (rig: Rig) => rig.machine.exec("systemctl stop 'nixus-watchdog-*.timer'");

/** Until nobody sees to the deployment any more, at most so long (milliseconds). */
async function untilOver({ rig, boots, deployment, step }: Scene, atMost = 60_000): Promise<void> {
  let ended = false;
  void deployment.done.then(() => {
    ended = true;
  });
  // At these steps there is no lock yet: that there is none says nothing until there has been one.
  let begun = step === null || !(step.phase === "before" || step.name === "lock");
  const released = async () => {
    if (!rig.machine.isOn) return false;
    const locked = await rig.machine.exists("/var/lib/nixus/deployment");
    begun ||= locked;
    return begun && !locked;
  };
  await rig
    .until("the end", async () => ended || rig.machine.bootCount > boots || (await released()), atMost)
    .catch(() => {});
}

/** Nothing is left of the space, to the last block. */
const fillDisk = `
  n=0
  size=$(($(df -Pk /var/lib | { read -r _; read -r _ _ _ free _; echo "$free"; }) * 1024))
  while [ "$size" -ge 4096 ]; do
    if fallocate -l "$size" "/var/filler.$n" 2>/dev/null; then n=$((n + 1)); else rm -f "/var/filler.$n"; size=$((size / 2)); fi
  done
`;

/** Units of the distribution have failed, too, where the machine was restarted. */
async function makeRoom({ rig }: Scene): Promise<void> {
  await rig.machine.exec("rm -f /var/filler.*; systemctl reset-failed");
}

/** The smallest size that what is there has room in. */
const fillRun = `
  size=$(df -Pk /run | { read -r _; read -r _ _ used _; echo "$used"; })
  until mount -o remount,size="$size"k /run 2>/dev/null; do size=$((size + 4)); done
`;

const processFaults: readonly Fault[] = [
  {
    name: "kill-deployer",
    what: "SIGKILL of the deployer and its connections",
    at: at([untilWord, "old"], [afterWord, "new"], [back, "old"]),
    inject: (scene) => killDeployer(scene),
    reports: [null],
  },
  {
    name: "interrupt",
    what: "Ctrl-C at the deployer",
    at: at([untilWord, "old"], [afterWord, "new"], [back, "old"]),
    inject: (scene) => killDeployer(scene, "INT"),
    reports: [null, "unknown"],
  },
  {
    name: "kill-switcher",
    what: "SIGKILL of the switcher",
    at: at([["arm", "prepare", ...activating], "old"], [afterWord, "new"], [back, "old"]),
    inject: async ({ rig }) => {
      await killSwitcher(rig);
    },
  },
  {
    name: "stop-switcher",
    what: "the switcher's service is stopped by somebody",
    at: at([["arm", "prepare", ...activating, ...committing], "old"], [ending, "new"], [back, "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("systemctl stop --no-block 'nixus-switch-*.service'");
      await pause(300);
    },
  },
  {
    name: "stop-watchdog",
    what: "the watchdog's timer is stopped by somebody",
    at: at([["prepare", ...activating, ...afterWord], "new"], [back, "old"]),
    inject: async ({ rig }) => {
      await stopWatchdog(rig);
    },
  },
  {
    name: "kill-both",
    what: "the watchdog is stopped, switcher and deployer are killed; somebody deploys later",
    at: at([["prepare", ...activating], "old"], [afterWord, "new"], [back, "old"]),
    inject: async (scene) => {
      await stopWatchdog(scene.rig);
      await killSwitcher(scene.rig);
      await killDeployer(scene);
    },
    // Nobody is left: whoever comes next has the watchdog started again, and is refused.
    end: async ({ rig, systems }) => {
      if (!(await rig.machine.exists("/var/lib/nixus/deployment"))) return;
      await rig.deploy(systems.old).done;
      await rig.settled();
    },
    reports: [null],
  },
  {
    name: "kill-activation",
    what: "SIGKILL of switch-to-configuration",
    at: at([["activate", "half", "units", "boot", ...rollingBack], "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("kill -KILL $(sed -n s/^pid=//p /run/nixus/*/activation)");
    },
  },
  {
    name: "daemon-reexec",
    what: "systemd is restarted",
    at: survived,
    inject: async ({ rig }) => {
      await rig.machine.exec("systemctl daemon-reexec");
    },
  },
];

const powerFaults: readonly Fault[] = [
  {
    name: "power-cut",
    what: "the power is cut",
    at: at(
      [untilWord, "old"],
      [before, "either"],
      [["commit", "profile"], "old"],
      [["profile-set"], "either"],
      [["boot", ...ending], "new"],
      [back, "old"],
    ),
    inject: ({ rig }) => rig.machine.powerCut(),
    heal: powerBack,
  },
  {
    name: "restart",
    what: "somebody restarts the machine",
    at: at([untilWord, "old"], [before, "either"], [committing, "either"], [ending, "new"], [back, "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("/usr/bin/systemctl reboot --no-block");
    },
    heal: rebooted,
  },
];

const networkFaults: readonly Fault[] = [
  {
    name: "network-blip",
    what: "the network is cut, and back after 1.5 s",
    at: survived,
    inject: async ({ rig }) => {
      await rig.machine.cutNetwork();
      await pause(1500);
      await rig.machine.restoreNetwork();
    },
  },
  {
    name: "network-cut",
    what: "the network is cut, and back when all is over",
    at: at([untilWord, "old"], [afterWord, "new"], [back, "old"]),
    inject: ({ rig }) => rig.machine.cutNetwork(),
    heal: async (scene) => {
      await untilOver(scene);
      await scene.rig.machine.restoreNetwork();
    },
  },
  {
    name: "silence",
    what: "connections fall silent, and new ones are not answered, until all is over",
    at: at([untilWord, "old"], [afterWord, "new"], [back, "old"]),
    inject: ({ rig }) => rig.relay.set({ silent: true }),
    heal: async (scene) => {
      await untilOver(scene);
      await scene.rig.relay.set({ silent: false });
    },
  },
  {
    name: "reset",
    what: "all connections are reset",
    at: at(
      [before, "either"],
      [[...begun, ...activating, ...afterWord], "new"],
      // The command that takes the lock may end when nobody hears it any more; the deployer is told so.
      [["lock"], "either"],
      [back, "old"],
    ),
    inject: ({ rig }) => rig.relay.set({ reset: true }),
  },
  {
    name: "sshd-dies",
    what: "SIGKILL of sshd and all that it runs; systemd starts it again",
    at: at(
      [before, "either"],
      [["lock", "start"], "either"],
      [["arm", "prepare", ...activating, ...afterWord], "new"],
      [back, "old"],
    ),
    inject: async ({ rig }) => {
      await rig.machine.exec("systemctl kill --kill-whom=all --signal=KILL ssh.service");
      await rig.machine.waitForSsh();
    },
  },
  {
    name: "slow",
    what: "the connection has a round trip of 2 s",
    at: "new",
    network: { successTimeout: 30 },
    prepare: (rig) => rig.relay.set({ latency: 1000 }),
  },
  {
    name: "lossy",
    what: "one of five packets is lost",
    at: "new",
    network: { successTimeout: 20 },
    prepare: (rig) => rig.relay.set({ loss: 20, latency: 20 }),
  },
  {
    name: "slow-and-lossy",
    what: "2 s of round trip, and one of ten packets is lost",
    at: "new",
    network: { successTimeout: 40 },
    prepare: (rig) => rig.relay.set({ loss: 10, latency: 1000 }),
  },
];

const diskFaults: readonly Fault[] = [
  {
    name: "disk-full",
    what: "the disk is full from then on",
    at: at(
      [[...before, "lock", "start", "arm", "prepare", ...activating], "either"],
      [afterWord, "either"],
      [back, "old"],
    ),
    inject: async ({ rig }) => {
      await rig.machine.exec(fillDisk);
    },
    losesRecord: true,
    end: makeRoom,
  },
  {
    name: "run-full",
    what: "/run is full from then on",
    at: at([[...begun, ...activating], "either"], [afterWord, "either"], [back, "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec(fillRun);
    },
    end: async ({ rig }) => {
      await rig.machine.exec("mount -o remount,size=256m /run");
    },
  },
  {
    name: "read-only",
    what: "the file system becomes read-only by an error",
    at: at(
      [[...before, "lock", "start", "arm", "prepare", ...activating], "either"],
      [afterWord, "either"],
      [back, "old"],
    ),
    losesRecord: true,
    inject: ({ rig }) => rig.machine.failDisk(),
    end: async ({ rig, boots }) => {
      // Where nothing else has: a read-only file system is mended by a restart.
      if (rig.machine.bootCount > boots) return;
      await rig.machine.powerCut();
      await rig.machine.powerOn();
      await rig.machine.waitForSsh();
      await rig.settled();
    },
  },
  {
    name: "collect-garbage",
    what: "somebody collects garbage and old generations",
    at: survived,
    inject: async ({ rig }) => {
      await rig.machine.exec("nix-collect-garbage --delete-old");
    },
  },
];

const accessFaults: readonly Fault[] = [
  {
    name: "sshd-stopped",
    what: "sshd is stopped",
    at: at([[...activating], "old"], [rollingBack, "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("systemctl stop ssh.socket ssh.service");
    },
  },
  {
    name: "address-changed",
    what: "the machine's address becomes another",
    at: at([["half", "units", "wait", "rolled-half"], "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec(
        "ip address add 192.0.2.77/24 dev host0; ip address del 10.44.0.11/24 dev host0",
      );
    },
  },
  {
    name: "firewall",
    what: "the firewall drops SSH",
    at: at([["half", "units", "wait"], "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec(
        "nft add table inet closed; nft add chain inet closed input '{ type filter hook input priority 0; }'; nft add rule inet closed input tcp dport 22 drop",
      );
    },
  },
  {
    name: "second-deployer",
    what: "a second deployer deploys another system",
    at: at([["start", "arm", "prepare", ...activating, ...committing], "new"], [back, "old"]),
    network: { successTimeout: 30 },
    inject: async ({ rig }) => {
      const second = rig.deploy(rig.network({ direct: true }));
      await second.done;
      if (second.outcome !== "failed") throw new Error(`the second deployer reports ${second.outcome}`);
      if (!/another deployment/.test(second.problem))
        throw new Error(`the second is told: ${second.problem}`);
    },
  },
];

/** What the steps of a deployment do. */
const failures: readonly Fault[] = [
  {
    name: "activation-fails",
    what: "the activation fails",
    at: at([["half", "units"], "old"]),
    inject: async ({ rig, systems, step }) => {
      await rig.arm("fail", `${step?.name === "half" ? "activation" : "late"}.${systems.new}`);
    },
  },
  {
    name: "activation-hangs",
    what: "the activation hangs",
    at: at([["activate", "half", "units", "rolled-half"], "old"]),
    hangs: true,
    network: { switchTimeout: 6 },
    heal: untilOver,
  },
  {
    name: "roll-back-fails-once",
    what: "the activation of the previous system fails at the first attempt",
    at: at([["rolled-half", "rolled-units"], "old"]),
    inject: async ({ rig, systems, step }) => {
      const moment = `${step?.name === "rolled-half" ? "activation" : "late"}.${systems.old}`;
      await rig.arm("do", moment, `rm -f /run/faults/do.${moment}; exit 1`);
    },
  },
  {
    name: "roll-back-fails",
    what: "the activation of the previous system fails",
    at: at([["rolled-half"], "old"]),
    inject: async ({ rig, systems }) => rig.arm("fail", `activation.${systems.old}`),
  },
  {
    name: "tool-fails",
    what: "the tool of that step fails: systemd-run, sync, nix-env",
    at: at([["start", "arm", "prepare", "commit", "profile", "profile-set"], "old"]),
    inject: async ({ rig, step }) => {
      const moments: Readonly<Record<string, string>> = {
        start: "starting.systemd-run",
        arm: "preparing.systemd-run",
        prepare: "preparing.sync",
        commit: "committing.sync",
        profile: "committing.marked.nix-env",
        "profile-set": "committing.marked.sync",
      };
      await rig.arm("fail", moments[step?.name ?? ""] ?? "");
    },
  },
  {
    name: "boot-fails",
    what: "the boot activation fails after the confirmation, and so does that of the previous system",
    at: at([["profile-set"], "old"]),
    inject: async ({ rig }) => {
      await rig.machine.exec("rm -f /run/nixus/linux/live; mkdir /run/nixus/linux/live");
    },
  },
  {
    name: "generations-collected",
    what: "the links of the profile are gone and garbage is collected",
    at: at(
      [["start", "prepare", "half", "wait", "commit", "profile", "rolled-half"], "either"],
      [["rolled-half"], "old"],
    ),
    inject: async ({ rig }) => {
      await rig.machine.exec("rm -f /nix/var/nix/profiles/system*; nix-store --gc");
    },
  },
  {
    name: "generations-collected-and-fails",
    what: "the links of the profile are gone, garbage is collected, and the activation fails",
    at: at([["half"], "old"]),
    inject: async ({ rig, systems }) => {
      await rig.arm("fail", `activation.${systems.new}`);
      await rig.machine.exec("rm -f /nix/var/nix/profiles/system*; nix-store --gc");
    },
  },
];

/** A system whose activation does something; `script` runs in the middle of it. */
function does(
  name: string,
  what: string,
  script: string,
  end: End = "old",
  more: Partial<Fault> = {},
): Fault {
  return {
    name,
    what,
    at: at([["half"], end]),
    inject: async ({ rig, systems }) => rig.arm("do", `activation.${systems.new}`, script),
    ...more,
  };
}

/** A system that is so. */
function has(name: string, what: string, configuration: string, more: Partial<Fault> = {}): Fault {
  return { name, what, at: "old", network: { configuration }, ...more };
}

const otherKey =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8bM2uv2bXhTBqEIyXbmcMcOSCmhbVfpC1mX1qS5k5z somebody@else";

const badSystems: readonly Fault[] = [
  has(
    "key-removed",
    "the new system accepts no key of ours",
    `services.openssh.authorizedKeysInHomedir = false; users.users.root.openssh.authorizedKeys.keys = [ "${otherKey}" ];`,
  ),
  has(
    "root-denied",
    "the new system lets root not log in",
    `services.openssh.settings.PermitRootLogin = "no";`,
  ),
  has("sshd-moves", "sshd listens at another port", `services.openssh.ports = [ 2200 ];`),
  has(
    "wrong-address",
    "the new system has another address",
    `systemd.network.networks."05-uplink" = { matchConfig.Name = "host0"; address = [ "192.0.2.77/24" ]; };`,
  ),
  has(
    "unit-fails",
    "a unit of the new system fails",
    `systemd.services.failing = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/false"; }; };`,
  ),
  has(
    "unit-stops-sshd",
    "a unit of the new system conflicts with sshd",
    `systemd.services.bully = { wantedBy = [ "multi-user.target" ]; conflicts = [ "ssh.service" ]; serviceConfig.ExecStart = "/bin/sleep infinity"; };`,
  ),
  does("activation-reboots", "the activation restarts the machine", "/usr/bin/systemctl reboot", "old", {
    heal: rebooted,
  }),
  does(
    "activation-kills-switcher",
    "the activation kills the switcher",
    "systemctl kill --signal=KILL 'nixus-switch-*.service'",
  ),
  does(
    "activation-stops-all",
    "the activation stops the switcher and its watchdog",
    "systemctl stop --no-block 'nixus-switch-*.service' 'nixus-watchdog-*.timer'; sleep 1",
  ),
  does(
    "activation-isolates",
    "the activation isolates rescue.target",
    "systemctl isolate --no-block rescue.target; sleep 1",
  ),
  does(
    "activation-flushes-network",
    "the activation removes all addresses and routes",
    "ip address flush dev host0",
  ),
  does("activation-removes-run", "the activation removes /run/nixus", "rm -rf /run/nixus"),
  does("activation-fills-disk", "the activation fills the disk", fillDisk, "either", {
    losesRecord: true,
    end: makeRoom,
  }),
  does(
    "activation-masks-sshd",
    "the activation masks and stops sshd",
    "systemctl mask --now --runtime ssh.service ssh.socket",
  ),
];

/** What is wrong with the machine before. */
const machineFaults: readonly Fault[] = [
  {
    name: "leftover-units",
    what: "switcher and watchdog of an earlier deployment were left over",
    at: "new",
    prepare: async (rig) => {
      await rig.machine.exec(`
        systemd-run --quiet --unit=nixus-switch-20200101000000-0 sleep 8
        systemd-run --quiet --unit=nixus-watchdog-20200101000000-0 --on-active=5 true`);
    },
    end: async ({ rig }) => {
      await rig.machine.exec("systemctl stop 'nixus-switch-2020*' 'nixus-watchdog-2020*'");
    },
  },
  {
    name: "leftover-lock",
    what: "the lock of a deployment of an earlier boot was left over",
    at: "new",
    prepare: async (rig) => {
      await rig.machine.exec(
        "printf 'version=1\\nid=20200101000000-0\\nsystem=/nix/store/none\\nprevious=%s\\nprofile=%s\\nboot=none\\nby=x@y\\nsince=1\\nswitchTimeout=1\\nsuccessTimeout=1\\n' $(readlink -f /run/current-system) $(readlink /nix/var/nix/profiles/system) >/var/lib/nixus/deployment",
      );
    },
  },
  {
    name: "empty-lock",
    what: "the lock is an empty file",
    at: "new",
    prepare: async (rig) => {
      await rig.machine.exec(": >/var/lib/nixus/deployment");
    },
  },
  {
    name: "garbled-history",
    what: "the history is garbled",
    at: "new",
    prepare: async (rig) => {
      await rig.machine.exec("head -c 4096 /dev/urandom >/var/lib/nixus/history");
    },
    end: async ({ rig }) => {
      await rig.machine.exec(
        "tail -n 5 /var/lib/nixus/history | grep -a '^version=1' >/tmp/h; cat /tmp/h >/var/lib/nixus/history",
      );
    },
  },
  {
    name: "mutex-held",
    what: "a process holds the mutex for 5 s",
    at: "new",
    prepare: async (rig) => {
      await rig.machine.exec(
        "mkdir -p /run/nixus; flock /run/nixus/mutex sleep 5 </dev/null >/dev/null 2>&1 &",
      );
    },
  },
  {
    name: "mutex-kept",
    what: "a process holds the mutex for good",
    at: "old",
    prepare: async (rig) => {
      await rig.machine.exec(
        "mkdir -p /run/nixus /run/faults; : >/run/faults/keep-mutex; flock /run/nixus/mutex sh -c 'while [ -e /run/faults/keep-mutex ]; do sleep 0.1; done' </dev/null >/dev/null 2>&1 &",
      );
    },
    end: async ({ rig }) => {
      await rig.machine.exec("rm -f /run/faults/keep-mutex; flock /run/nixus/mutex true");
    },
  },
  {
    name: "key-refused",
    what: "the machine does not accept the deployer's key",
    at: "old",
    prepare: async (rig) => {
      await rig.machine.exec("mv /root/.ssh/authorized_keys /root/.ssh/away");
    },
    end: async ({ rig }) => {
      await rig.machine.exec("mv /root/.ssh/away /root/.ssh/authorized_keys");
    },
  },
  {
    name: "clients-penalised",
    what: `${nodeName} takes three seconds for each login`,
    at: "new",
    network: { successTimeout: 15 },
    prepare: async (rig) => {
      await rig.machine.exec("printf '#!/bin/sh\\nsleep 3\\n' >/etc/ssh/sshrc");
    },
    end: async ({ rig }) => {
      await rig.machine.exec("rm -f /etc/ssh/sshrc");
    },
  },
];

export const faults: readonly Fault[] = [
  ...powerFaults,
  ...processFaults,
  ...networkFaults,
  ...diskFaults,
  ...accessFaults,
  ...failures,
  ...badSystems,
  ...machineFaults,
];

/** Faults on a machine that has never been deployed: nothing is there to go back to but what was found. */
export const firstFaults: readonly Fault[] = faults
  .filter(({ name }) =>
    ["power-cut", "kill-deployer", "kill-switcher", "network-cut", "restart"].includes(name),
  )
  .map((fault) => ({
    ...fault,
    at: Object.fromEntries(
      Object.entries(fault.at as Record<string, End>).filter(
        ([name]) =>
          !["roll-back", "rolled-half", "rolled-units", "reboot", "connect", "lock", "record"].includes(name),
      ),
    ),
  }));
