import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { poll, processStatus, signalProcess } from "./process.ts";

/**
 * The directory of one lab. Its name tells whose it is: PID-STARTTIME-ID of the process that made it, so a lab
 * whose owner was killed can be recognised at any moment of its life.
 */
export interface Workspace {
  /** Six hexadecimal digits. */
  readonly id: string;
  readonly directory: string;
}

const parent = "/var/tmp/nixus-labs";

export function createWorkspace(): Workspace {
  const id = randomBytes(3).toString("hex");
  const owner = processStatus(process.pid);
  const directory = join(parent, `${process.pid}-${owner?.startTime}-${id}`);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  return { id, directory };
}

/** Notes the process that everything of the lab runs below. */
export function recordHolder(workspace: Workspace, pid: number): void {
  writeFileSync(join(workspace.directory, "holder"), `${pid} ${processStatus(pid)?.startTime}\n`);
}

/** Removes the files and control groups of a lab that has nothing running any more. */
export function removeWorkspace(workspace: Workspace): void {
  for (const group of cgroupParents()) removeGroups(group, cgroupPrefix(workspace.id));
  rmSync(workspace.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/**
 * Removes what labs left behind whose owner was killed: remaining processes, files, control groups. Everything else
 * (mounts, network) belonged to namespaces and went with the processes.
 * @returns the ids of the labs removed
 */
export async function removeStaleLabs(): Promise<string[]> {
  const stale = listWorkspaces().filter(({ pid, startTime }) => processStatus(pid)?.startTime !== startTime);
  for (const workspace of stale) {
    await endHolder(workspace);
    removeWorkspace(workspace);
  }
  return stale.map(({ id }) => id);
}

function listWorkspaces(): (Workspace & { pid: number; startTime: string })[] {
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const match = /^(\d+)-(\d+)-([0-9a-f]{6})$/.exec(name);
    if (!match) return [];
    const [, pid, startTime = "", id = ""] = match;
    return [{ pid: Number(pid), startTime, id, directory: join(parent, name) }];
  });
}

/** Ends all processes of a lab. The holder is the first of a process namespace: it is the last to be gone. */
async function endHolder(workspace: Workspace): Promise<void> {
  let recorded: string[];
  try {
    recorded = readFileSync(join(workspace.directory, "holder"), "utf8").trim().split(" ");
  } catch {
    return;
  }
  const pid = Number(recorded[0]);
  const isRunning = () => processStatus(pid)?.startTime === recorded[1];
  if (isRunning()) signalProcess(pid, "SIGKILL");
  await poll("end of an abandoned lab", 20_000, () => (isRunning() ? undefined : true));
}

function cgroupPrefix(id: string): string {
  return `nixus-lab-${id}-`;
}

/**
 * The control groups that a machine gets, one in each hierarchy that systemd manages processes in (cgroups(7)):
 * machines in one group would take each other's services for their own.
 */
export function machineCgroups(workspace: Workspace, machine: string): string[] {
  return cgroupParents().map((group) => join(group, `${cgroupPrefix(workspace.id)}${machine}`));
}

/** Our own group in the unified hierarchy and in systemd's named one, whichever are mounted. */
function cgroupParents(): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const ours = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  return ours.flatMap((line) => {
    const [number, controllers, ...rest] = line.split(":");
    const named = controllers === "name=systemd";
    if (number !== "0" && !named) return [];
    const mount = mounts.find(([, , type, options = ""]) =>
      named ? type === "cgroup" && options.split(",").includes("name=systemd") : type === "cgroup2",
    );
    return mount?.[1] === undefined ? [] : [join(mount[1], rest.join(":"))];
  });
}

/**
 * Removes empty groups with a name like this, with the groups below. Those still in use stay; another process that
 * tidies up at the same time may be faster.
 */
function removeGroups(directory: string, prefix: string): void {
  for (const name of unlessGone(() => groupsBelow(directory)) ?? []) {
    if (!name.startsWith(prefix)) continue;
    const group = join(directory, name);
    removeGroups(group, "");
    unlessGone(() => rmdirSync(group));
  }
}

function groupsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EBUSY") return undefined;
    throw error;
  }
}
