/** Faults of what is deployed, and of the machine it is deployed to. */
import type { End, Fault } from "./case.ts";
import { at, fillDisk, makeRoom, rebooted, untilOver } from "./common.ts";
import { nodeName } from "./rig.ts";

/** What the steps of a deployment do. */
export const failures: readonly Fault[] = [
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

export const badSystems: readonly Fault[] = [
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
export const machineFaults: readonly Fault[] = [
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
