import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

/** A machine at one moment: what "exactly as found" compares. Values are lines for people, equal when the thing is. */
export interface Snapshot {
  /** Path -> type, mode, owner and group, size and SHA-256 (files) or target (symbolic links). */
  readonly files: ReadonlyMap<string, string>;
  /** Unit -> whether it is enabled, and its load and active state where it is doing something. */
  readonly units: ReadonlyMap<string, string>;
  /** Interface or route -> addresses or the rest of the route. */
  readonly network: ReadonlyMap<string, string>;
}

/**
 * Places that change by themselves or are not part of a machine's configuration: other file systems, temporary files,
 * logs and caches, clocks and seeds, the store and Nixus's own state.
 */
const volatile = new Set([
  ...[
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/tmp",
    "/var/tmp",
    "/var/log",
    "/var/cache",
    "/nix",
    "/var/lib/nixus",
  ],
  ...["/var/lib/systemd/random-seed", "/var/lib/systemd/timers", "/var/lib/systemd/timesync"],
  ...[
    "/var/lib/systemd/linger",
    "/var/lib/private",
    "/root/.cache",
    "/root/.nix-defexpr",
    "/root/.nix-channels",
  ],
]);

/** Units that come and go with logins and commands. */
const fleeting = /^(session-|user-|user@|run-|dev-|sys-|systemd-tmpfiles-clean\.)|\.device$/;

const unitScript = `
systemctl list-unit-files --no-pager --no-legend --plain
echo
systemctl list-units --all --no-pager --no-legend --plain
`;

const networkScript = `
ip -o address show scope global
echo
ip -4 route
`;

/**
 * @param root the machine's root directory as it is seen from here
 * @param exec runs a script on the machine and returns its output
 */
export async function takeSnapshot(
  root: string,
  exec: (script: string) => Promise<string>,
): Promise<Snapshot> {
  const [units, network] = [parseUnits(await exec(unitScript)), parseNetwork(await exec(networkScript))];
  const files = new Map<string, string>();
  walk(root, "/", files);
  return { files, units, network };
}

function walk(root: string, directory: string, files: Map<string, string>): void {
  for (const name of readdirSync(join(root, directory)).sort()) {
    const path = join(directory, name);
    if (volatile.has(path)) continue;
    const stats = lstatSync(join(root, path), { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) continue;
    files.set(path, describe(join(root, path), path, stats));
    if (stats.isDirectory()) walk(root, path, files);
  }
}

function describe(file: string, path: string, stats: BigIntStats): string {
  const mode = (stats.mode & 0o7777n).toString(8).padStart(4, "0");
  const owner = `${stats.uid}:${stats.gid}`;
  if (stats.isSymbolicLink()) return `symlink ${owner} -> ${readlinkSync(file)}`;
  if (stats.isFile()) return `file ${mode} ${owner} ${stats.size} bytes ${contentHash(file, path, stats)}`;
  return `${kindOf(stats)} ${mode} ${owner}`;
}

function kindOf(stats: BigIntStats | Stats): string {
  if (stats.isDirectory()) return "directory";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return "device";
}

/** Hashes of contents, by everything that changes when a content does. Most files are the image's, on all machines. */
const hashes = new Map<string, string>();

function contentHash(file: string, path: string, stats: BigIntStats): string {
  const key = `${path} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 32);
  hashes.set(key, hash);
  return hash;
}

/** Both parts of `systemctl`'s output: unit files with their state, then the units in memory. */
function parseUnits(output: string): Map<string, string> {
  const [unitFiles = "", loaded = ""] = output.split(/\n\n/);
  const enablement = new Map<string, string>();
  for (const line of unitFiles.split("\n")) {
    const [name = "", state = ""] = line.trim().split(/\s+/);
    if (name !== "" && !fleeting.test(name)) enablement.set(name, state);
  }
  const activity = new Map<string, string>();
  for (const line of loaded.split("\n")) {
    const [name = "", load = "", active = "", sub = ""] = line.trim().split(/\s+/);
    // systemd forgets inactive units at its leisure.
    if (name !== "" && !fleeting.test(name) && active !== "inactive") {
      activity.set(name, `${load} ${active} ${sub}`);
    }
  }
  const names = [...new Set([...enablement.keys(), ...activity.keys()])].sort();
  return new Map(
    names.map((name) => {
      const states = [enablement.get(name), activity.get(name)].filter((state) => state !== undefined);
      return [name, states.join(", ")];
    }),
  );
}

function parseNetwork(output: string): Map<string, string> {
  const [addresses = "", routes = ""] = output.split(/\n\n/);
  const network = new Map<string, string>();
  for (const line of addresses.split("\n")) {
    // "2: host0    inet 10.44.0.11/24 brd 10.44.0.255 scope global host0\       valid_lft forever preferred_lft forever"
    const [, name, family, address] = line.trim().split(/\s+/);
    if (name !== undefined) network.set(`address ${name} ${family} ${address}`, "present");
  }
  for (const line of routes.split("\n")) {
    if (line.trim() !== "") network.set(`route ${line.trim()}`, "present");
  }
  return network;
}

/** What changed from one snapshot to another, a line each; empty when nothing did. */
export function diffSnapshots(before: Snapshot, after: Snapshot): string[] {
  return (["files", "units", "network"] as const).flatMap((part) => {
    const [old, now] = [before[part], after[part]];
    const names = [...new Set([...old.keys(), ...now.keys()])].sort();
    return names.flatMap((name) => {
      const [a, b] = [old.get(name), now.get(name)];
      if (a === b) return [];
      if (a === undefined) return [`+ ${name}: ${b}`];
      if (b === undefined) return [`- ${name}: ${a}`];
      return [`~ ${name}: ${a} => ${b}`];
    });
  });
}
