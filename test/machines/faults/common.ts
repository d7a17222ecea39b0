/** What faults have in common: the groups of steps that they happen at, and what is done to machines and deployers. */
import type { End, Scene } from "./case.ts";
import type { Rig } from "./rig.ts";

/** Copying is tried again when its connection is lost: a short fault ends on the new system, a longer one on the old. */
export const before = ["connect", "copy"] as const;
export const begun = ["lock", "start", "arm", "prepare"] as const;
export const activating = ["activate", "half", "units", "wait"] as const;
export const committing = ["commit", "profile", "profile-set", "boot"] as const;
export const ending = ["record", "release"] as const;
export const rollingBack = ["roll-back", "rolled-half", "rolled-units"] as const;

export type StepName =
  | (typeof before)[number]
  | (typeof begun)[number]
  | (typeof activating)[number]
  | (typeof committing)[number]
  | (typeof ending)[number]
  | (typeof rollingBack)[number]
  | "reboot";

/** The steps of some groups, with an end each; later groups win. */
export function at(...groups: readonly (readonly [readonly StepName[], End])[]): Record<string, End> {
  return Object.fromEntries(groups.flatMap(([names, end]) => names.map((name) => [name, end])));
}

export const untilWord: readonly StepName[] = [...before, ...begun, ...activating];
export const afterWord: readonly StepName[] = [...committing, ...ending];
export const back: readonly StepName[] = [...rollingBack, "reboot"];

/** A disturbance that the deployment survives. */
export const survived = at([[...untilWord, ...afterWord], "new"], [back, "old"]);

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function powerBack({ rig }: Scene): Promise<void> {
  await rig.machine.powerOn();
  await rig.machine.waitForSsh();
}

export async function rebooted({ rig, boots }: Scene): Promise<void> {
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

export const killSwitcher = (rig: Rig, signal = "KILL") =>
  rig.machine.exec(`systemctl kill --kill-whom=main --signal=${signal} 'nixus-switch-*.service'`);

export const stopWatchdog = (rig: Rig) => rig.machine.exec("systemctl stop 'nixus-watchdog-*.timer'");

/** Until nobody sees to the deployment any more, at most so long (milliseconds). */
export async function untilOver({ rig, boots, deployment, step }: Scene, atMost = 60_000): Promise<void> {
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
export const fillDisk = `
  n=0
  size=$(($(df -Pk /var/lib | { read -r _; read -r _ _ _ free _; echo "$free"; }) * 1024))
  while [ "$size" -ge 4096 ]; do
    if fallocate -l "$size" "/var/filler.$n" 2>/dev/null; then n=$((n + 1)); else rm -f "/var/filler.$n"; size=$((size / 2)); fi
  done
`;

/** Units of the distribution have failed, too, where the machine was restarted. */
export async function makeRoom({ rig }: Scene): Promise<void> {
  await rig.machine.exec("rm -f /var/filler.*; systemctl reset-failed");
}
