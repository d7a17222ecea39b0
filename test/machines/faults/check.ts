/** What must be so after every case: reachable, on the right system as a whole, and the report is true. */
import type { End, Fault, Scene } from "./case.ts";
import { type Deployment, nodeName, type Rig } from "./rig.ts";
import type { Systems } from "./steps.ts";

export interface Expected {
  readonly end: End;
  readonly systems: Systems;
  readonly fault: Fault;
}

export interface Observed {
  readonly runs: "old" | "new" | "unknown";
  readonly rebooted: boolean;
  /** The machine, as `KEY=VALUE` lines of `inspect`. */
  readonly state: ReadonlyMap<string, string>;
  /** Outcome of the first record of the deployment; undefined: none. */
  readonly recorded: string | undefined;
}

/**
 * A file `*.new` is of a write that was cut short; the next one replaces it. Notes of what was arriving stay until the
 * machine has been restarted, when they are looked at.
 */
const inspect = `
echo "number=$(cat /etc/faults/number 2>/dev/null)"
echo "current=$(readlink -f /run/current-system)"
echo "profile=$(readlink -e /nix/var/nix/profiles/system)"
echo "services=$(systemctl is-active witness.service late.service ssh.service | tr '\\n' ' ')"
echo "failed=$(systemctl list-units --failed --plain --no-legend | tr '\\n' ' ')"
echo "left=$({ ls /var/lib/nixus | grep -v -x -e history -e linux -e arriving -e '.*[.]new'; ls -d /var/lib/nixus/linux/once /etc/systemd/system.attached; } 2>/dev/null | tr '\\n' ' ')"
echo "roots=$(ls /nix/var/nix/gcroots/nixus | grep -v -x current-system | tr '\\n' ' ')"
echo "units=$(systemctl list-units --all --plain --no-legend 'nixus-switch-*' 'nixus-watchdog-*' 'nixus-boot-*' | tr '\\n' ' ')"
echo "address=$(ip -o -4 address show dev host0 | tr -s ' ' | cut -d ' ' -f 4)"
`;

export async function observe(rig: Rig, { systems, boots }: Scene, before: number): Promise<Observed> {
  const system = rig.systemOf(systems.new);
  const records = await rig.history();
  const own = records.slice(before).find((line) => line.includes(`\tsystem=${system}\t`));
  const state = await inspected(rig);
  const number = Number(state.get("number"));
  return {
    runs: number === systems.new ? "new" : number === systems.old ? "old" : "unknown",
    rebooted: rig.machine.bootCount > boots,
    state,
    recorded: own === undefined ? undefined : /\toutcome=([a-z-]+)\t/.exec(own)?.[1],
  };
}

async function inspected(rig: Rig): Promise<Map<string, string>> {
  const { stdout } = await rig.machine.exec(inspect);
  return new Map(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Everything that is wrong; the last question is the next deployment's, which must find the machine in order. */
export async function allProblems(
  rig: Rig,
  observed: Observed,
  expected: Expected,
  deployment: Deployment,
): Promise<string[]> {
  const problems = [
    ...(await reachable(rig)),
    ...systemProblems(observed, expected),
    ...reportProblems(observed, expected, deployment),
  ];
  if (observed.runs === "unknown") return problems;
  const running = observed.runs === "new" ? expected.systems.new : expected.systems.old;
  if (running !== 0) {
    problems.push(...(await nextDeployment(rig, running)));
    rig.runs = running;
  }
  const state = await inspected(rig);
  // A copy that never came to its switch is protected from the garbage collector for a day.
  if (observed.recorded === undefined) state.set("roots", "");
  problems.push(...stateProblems(state, running, rig.systemOf(running)));
  return problems;
}

async function reachable(rig: Rig): Promise<string[]> {
  const timeout = `ConnectTimeout=${5 * rig.machine.patience}`;
  const { exitCode, stderr } = await rig.lab.run(["ssh", "-o", timeout, nodeName, "true"]);
  return exitCode === 0 ? [] : [`it can't be reached over SSH: ${stderr}`];
}

function systemProblems({ runs, state }: Observed, { end, systems }: Expected): string[] {
  if (runs === "unknown") return [`it runs none of the two systems, but number '${state.get("number")}'`];
  if (end !== "either" && runs !== end) {
    return [`it runs the ${runs} system (${systems[runs]}), not the ${end} one`];
  }
  return [];
}

/** Whether what was reported and what was recorded is what became of the machine. */
function reportProblems({ runs, recorded }: Observed, expected: Expected, deployment: Deployment): string[] {
  const { outcome } = deployment;
  const problems: string[] = [];
  if (!(expected.fault.reports ?? []).includes(outcome)) {
    if (outcome === null) problems.push("there is no report");
    if (outcome === "unknown") problems.push("the report is that it is not known");
    if (outcome === "unchanged") problems.push("the report is that nothing was to be done");
  }
  const reportsNew = outcome === "activated";
  if (reportsNew !== (runs === "new") && (outcome === "activated" || outcome === "rolled-back")) {
    problems.push(`the report is ${outcome}, and it runs the ${runs} system`);
  }
  if (outcome === "failed" && runs === "new")
    problems.push("the report is failed, and it runs the new system");
  if (recorded !== undefined && (recorded === "activated") !== (runs === "new")) {
    problems.push(`${recorded} is recorded, and it runs the ${runs} system`);
  }
  const unrecorded = recorded === undefined && expected.fault.losesRecord === true;
  if ((outcome === "activated" || outcome === "rolled-back") && recorded !== outcome && !unrecorded) {
    problems.push(`${outcome} is reported, and ${recorded ?? "nothing"} is recorded`);
  }
  return problems;
}

/** Deploying the system that runs changes nothing. Where a lock was left, it is what brings it to its end. */
async function nextDeployment(rig: Rig, number: number): Promise<string[]> {
  const locked = await rig.machine.exists("/var/lib/nixus/deployment");
  const next = rig.deploy(number);
  const { exitCode } = await next.done;
  if (exitCode === 0 && (next.outcome === "unchanged" || locked)) return [];
  if (locked && next.outcome === "failed") {
    // The watchdog that it has started brings the one before to its end first.
    await rig.settled();
    const again = rig.deploy(number);
    if ((await again.done).exitCode === 0) return [];
    return [`the next deployments: ${next.problem}; ${again.outcome} ${again.problem}${again.errors}`];
  }
  return [`the next deployment: ${next.outcome} ${next.problem}${next.errors}`];
}

function stateProblems(state: ReadonlyMap<string, string>, running: number, system: string): string[] {
  const wanted: Readonly<Record<string, string>> = {
    number: running === 0 ? "" : String(running),
    ...(running === 0 ? {} : { current: system }),
    profile: running === 0 ? "" : system,
    services: running === 0 ? "inactive inactive active " : "active active active ",
    failed: "",
    left: "",
    roots: "",
    units: "",
    address: "10.44.0.11/24",
  };
  return Object.entries(wanted).flatMap(([key, value]) =>
    state.get(key) === value ? [] : [`${key} is '${state.get(key)}', not '${value}'`],
  );
}
