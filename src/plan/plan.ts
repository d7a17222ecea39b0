/**
 * Planning: an evaluated node and the facts of its machine in, the steps of its deployment out. Pure. Whatever can be
 * known to go wrong is refused here, before anything is changed.
 */
import type { EvaluatedNode, EvaluatedSecret, NeededPath } from "../fleet/evaluated.ts";
import { secretLabel } from "../fleet/modules/secrets/secret.ts";
import { type Build, type BuildPlace, buildsOf, neededPaths } from "./build.ts";
import { type Facts, type LockFacts, secretQuestion } from "./facts.ts";
import { mebibytes, spaceProblem } from "./transfer.ts";

export type Step =
  /** Build what the machine lacks. */
  | { readonly type: "build"; readonly place: BuildPlace; readonly builds: readonly Build[] }
  | {
      readonly type: "copy";
      /** Store paths to send from memory, references before referrers, and the bytes of their NARs. */
      readonly paths: readonly string[];
      readonly size: number;
      /** Those that come from a store with all that they consist of. */
      readonly closure: StoreClosure | null;
    }
  | { readonly type: "install-packages"; readonly packages: readonly string[] }
  /** Secrets to send, to wait on the machine for the activation that puts them into use. */
  | { readonly type: "secrets"; readonly secrets: readonly EvaluatedSecret[] }
  /** Activate `system`; `previous` is what the machine goes back to. */
  | { readonly type: "switch"; readonly system: string; readonly previous: string }
  /** Start the machine into `system`, which it runs already; `previous` is the one that it was started with. */
  | { readonly type: "restart"; readonly system: string; readonly previous: string };

/** Paths of a store whose closure the machine lacks. */
export interface StoreClosure {
  readonly from: BuildPlace;
  readonly paths: readonly string[];
  /** Bytes that the machine's store has left. */
  readonly free: number;
}

export type Plan =
  /** Nothing may be done. `problem` says what is wrong and what to do. */
  | { readonly type: "refuse"; readonly problem: string }
  /** The machine runs the system already, and boots it. */
  | { readonly type: "unchanged" }
  | { readonly type: "deploy"; readonly steps: readonly Step[]; readonly warnings: readonly string[] };

export interface Wanted {
  readonly node: EvaluatedNode;
  /** Store path of the switcher, which has to be on the machine too. */
  readonly switcher: string;
  /** Bytes of a store path's NAR; undefined when it was not made by the evaluation and can't be sent. */
  readonly narSize: (path: string) => number | undefined;
  /** Where it is built. */
  readonly place: BuildPlace;
  /** Whether machines are rebooted whose nodes say `never`; false when left out. */
  readonly reboot?: boolean;
}

/** The first with all that the switcher's transient units need (StandardOutput=append:). */
const oldestSystemd = 240;

const stateSpace = 1024 * 1024;
const lowBootSpace = 32 * 1024 * 1024;

/** Every store path that has to be on the machine, references before referrers. */
export function wantedPaths({ node, switcher }: Wanted): string[] {
  return [...new Set([...node.closure, ...neededPaths(node).map(({ path }) => path), switcher])];
}

export function plan(wanted: Wanted, facts: Facts): Plan {
  const { node } = wanted;
  const problem = unfit(node, facts) ?? (facts.lock?.live ? busyProblem(facts.lock) : undefined);
  if (problem !== undefined) return { type: "refuse", problem };
  const secrets = usedSecrets(node).filter(({ entry }) => facts.missingSecrets.has(secretQuestion(entry)));
  const ownerless = secrets.map((secret) => ownerProblem(secret, facts)).find((found) => found !== undefined);
  if (ownerless !== undefined) return refuse(ownerless);
  const startedWith = waitingForReboot(wanted, facts);
  if (
    startedWith === null &&
    facts.currentSystem === node.toplevel &&
    facts.profile === node.toplevel &&
    facts.lock === null &&
    facts.missingPackages.length === 0 &&
    secrets.length === 0 &&
    !node.closurePaths.some(({ path }) => facts.missing.has(path))
  ) {
    return { type: "unchanged" };
  }

  const previous = startedWith ?? facts.currentSystem ?? facts.profile ?? node.baseline;
  if (previous === null) {
    return refuse(
      "the machine runs no system that it could go back to (/run/current-system is missing), so the new one can't be activated safely; start it into one of its systems first",
    );
  }
  const steps: Step[] = [];
  const fromStore = neededPaths(node).filter(
    ({ path, source }) => source.type !== "memory" && facts.missing.has(path),
  );
  const builds = buildsOf(fromStore);
  if (builds.length > 0) steps.push({ type: "build", place: wanted.place, builds });
  const inMemory = [...new Set([...node.closure, wanted.switcher])].filter((path) => facts.missing.has(path));
  const unknown = inMemory.find((path) => wanted.narSize(path) === undefined);
  if (unknown !== undefined) {
    return refuse(`the machine needs ${unknown}, which is neither there nor made by the evaluation`);
  }
  const size = inMemory.reduce((sum, path) => sum + (wanted.narSize(path) ?? 0), 0);
  if (inMemory.length > 0) {
    const space = spaceProblem(size, facts.freeStore);
    if (space !== undefined) return refuse(space);
  }
  const travelling = wanted.place.type === "target" ? fromStore.filter(isGiven) : fromStore;
  if (inMemory.length > 0 || travelling.length > 0) {
    const closure = {
      from: wanted.place,
      paths: travelling.map(({ path }) => path),
      free: facts.freeStore - size,
    };
    steps.push({ type: "copy", paths: inMemory, size, closure: travelling.length > 0 ? closure : null });
  }
  if (facts.freeState < stateSpace) {
    return refuse(
      `the file system of /var/lib has ${mebibytes(facts.freeState)} left, too little to record a deployment; make room`,
    );
  }
  if (facts.missingPackages.length > 0) {
    if (facts.packageManager === null) {
      return refuse(
        `it needs packages of its distribution, whose package manager nixus does not know; install them by hand: ${facts.missingPackages.join(" ")}`,
      );
    }
    steps.push({ type: "install-packages", packages: facts.missingPackages });
  }
  if (secrets.length > 0) steps.push({ type: "secrets", secrets });
  steps.push({ type: startedWith === null ? "switch" : "restart", system: node.toplevel, previous });
  return { type: "deploy", steps, warnings: warningsOf(node, facts) };
}

/**
 * The system that the machine was started with, where it runs the wanted one, a part of that waits for a reboot, and one
 * was asked for; else null.
 */
function waitingForReboot({ node, reboot = false }: Wanted, facts: Facts): string | null {
  const asked = reboot || node.rebootPolicy !== "never";
  const runs = facts.currentSystem === node.toplevel && facts.profile === node.toplevel;
  return asked && runs && facts.bootedDiffers.length > 0 ? facts.bootedSystem : null;
}

/** The secrets that the node's system refers to. */
export function usedSecrets(node: EvaluatedNode): EvaluatedSecret[] {
  return node.secrets.filter(({ used }) => used);
}

function ownerProblem(
  { owner, entry, makesUser, makesGroup }: EvaluatedSecret,
  facts: Facts,
): string | undefined {
  const [kind, name] =
    !makesUser && facts.missingUsers.has(entry.user)
      ? ["user", entry.user]
      : !makesGroup && facts.missingGroups.has(entry.group)
        ? ["group", entry.group]
        : [];
  if (kind === undefined) return undefined;
  return `the secret '${secretLabel(owner)}' is for the ${kind} '${name}', which neither the configuration nor the machine has; define 'users.${kind}s.${name}', or correct the name`;
}

/** What a step does, for people; it continues "would". */
export function describeStep(step: Step): string {
  switch (step.type) {
    case "build":
      return `build ${step.builds.map(({ derivation }) => derivation).join(", ")} ${describePlace(step.place)}`;
    case "copy": {
      const paths = [...step.paths, ...(step.closure?.paths.map((path) => `${path} with its closure`) ?? [])];
      return `copy ${paths.join(", ")}`;
    }
    case "install-packages":
      return `install the packages ${step.packages.join(", ")}`;
    case "secrets":
      return `send ${step.secrets.length} ${step.secrets.length === 1 ? "secret" : "secrets"}`;
    case "switch":
      return `switch from ${step.previous} to ${step.system}`;
    case "restart":
      return `restart the machine into ${step.system}, which it runs already`;
  }
}

function describePlace(place: BuildPlace): string {
  switch (place.type) {
    case "local":
      return "here";
    case "target":
      return "on the machine";
    case "builder":
      return `on ${place.destination}`;
  }
}

/** It is in some store already. */
function isGiven({ source }: NeededPath): boolean {
  return source.type === "store";
}

function refuse(problem: string): Plan {
  return { type: "refuse", problem };
}

/** Why this machine can't be deployed at all. */
function unfit(node: EvaluatedNode, facts: Facts): string | undefined {
  if (facts.uid !== 0) {
    return `commands run as uid ${facts.uid} instead of root in spite of privilegeEscalationCommand (${node.privilegeEscalationCommand.join(" ")})`;
  }
  if (facts.systemd === null) {
    return `systemd does not run the machine (its first process is ${facts.init}); nixus needs systemd`;
  }
  if (facts.systemd < oldestSystemd) {
    return `its systemd is version ${facts.systemd}; nixus needs ${oldestSystemd} or later`;
  }
  if (facts.storeProblem !== null) {
    return `its Nix store can't be asked what it has: ${facts.storeProblem}`;
  }
  if (facts.nixVersion === null) {
    return "Nix is not on the machine, or nix-store is in none of the usual places; install it, e.g. with the package nix-bin of Debian";
  }
  if (!runsOn(node.system, facts.machine)) {
    return `its processor is ${facts.machine} and the system was made for ${node.system}; set the node's option system`;
  }
  if (facts.missingTools.length > 0) {
    return `programs of util-linux are missing on the machine: ${facts.missingTools.join(", ")}`;
  }
  return undefined;
}

/** Whether a machine of this `uname -m` runs programs of this Nix system. */
function runsOn(system: string, machine: string): boolean {
  const processor = system.replace(/-linux$/, "");
  const known: Readonly<Record<string, readonly string[]>> = {
    x86_64: ["x86_64-linux", "i686-linux"],
    i586: ["i686-linux"],
    i386: ["i686-linux"],
    arm64: ["aarch64-linux"],
    armv7l: ["armv7l-linux", "armv6l-linux"],
    armv8l: ["armv7l-linux", "armv6l-linux"],
  };
  return processor === machine || (known[machine]?.includes(system) ?? false);
}

/** Who has the lock, since when, and what can be done. */
export function busyProblem(lock: Pick<LockFacts, "by" | "since" | "state" | "id">): string {
  const since = new Date(lock.since * 1000).toISOString().replace(/\.\d+Z$/, "Z");
  return `another deployment of this machine is under way: by ${lock.by || "someone unknown"} since ${since}, state ${lock.state || "unknown"} (${lock.id}); wait until it has ended and deploy again`;
}

function warningsOf(node: EvaluatedNode, facts: Facts): string[] {
  const warnings: string[] = [];
  if (node.platform === "nixos" && facts.freeBoot !== null && facts.freeBoot < lowBootSpace) {
    warnings.push(`/boot has only ${mebibytes(facts.freeBoot)} left`);
  }
  return warnings;
}
