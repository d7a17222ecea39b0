/** Faults that come from outside, at a step: of power, processes, the network, disks and the way in. */
import type { Fault } from "./case.ts";
import {
  activating,
  afterWord,
  at,
  back,
  before,
  begun,
  committing,
  ending,
  fillDisk,
  killDeployer,
  killSwitcher,
  makeRoom,
  pause,
  powerBack,
  rebooted,
  rollingBack,
  stopWatchdog,
  survived,
  untilOver,
  untilWord,
} from "./common.ts";

/** The smallest size that what is there has room in. */
const fillRun = `
  size=$(df -Pk /run | { read -r _; read -r _ _ used _; echo "$used"; })
  until mount -o remount,size="$size"k /run 2>/dev/null; do size=$((size + 4)); done
`;

export const processFaults: readonly Fault[] = [
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
      // Those of deployments before it have ended.
      await rig.machine.exec(
        "killed=1; for pid in $(sed -n s/^pid=//p /run/nixus/*/activation); do kill -KILL $pid && killed=0; done; exit $killed",
      );
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

export const powerFaults: readonly Fault[] = [
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

export const networkFaults: readonly Fault[] = [
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

export const diskFaults: readonly Fault[] = [
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

export const accessFaults: readonly Fault[] = [
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
