import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type ExecOptions, linkOf, Machine, type MachineSetting, searchPath } from "./machine.ts";
import { bridge, prefixLength } from "./namespace.ts";
import {
  CommandError,
  childrenOf,
  must,
  poll,
  processStatus,
  type Result,
  run,
  signalProcess,
} from "./process.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

/** Where and as what it runs. */
export interface ContainerSetting extends MachineSetting {
  readonly image: string;
  readonly cgroups: readonly string[];
  readonly init: Init;
  /** Bytes of the disk. */
  readonly diskSize: number;
}

/** What a machine runs as its first process: systemd, or nothing but sshd, as a target that Nixus must refuse. */
export type Init = "systemd" | "sshd";

/** What a machine is doing: the processes of a running one are nspawn and the machine's first process. */
type State =
  | { readonly kind: "off" }
  | { readonly kind: "on"; readonly nspawn: number; readonly leader: number; readonly child: ChildProcess };

/**
 * Runs as the parent of a machine, in a mount namespace of its own so that the disk is free as soon as the machine is
 * gone. $1 directory, $2 image, $3 id, $4 host name, $5 bridge, $6 init, $7 address, $8 size of the disk, then the control
 * groups.
 *
 * The disk is a sparse file system of its own because a power cut needs one: see cutPower below. Of a full one, the overlay
 * needs a block to be mounted with (else it is read-only), which no machine of its own does: there is a reserve for that.
 */
const bootScript = `
set -eu
dir=$1 image=$2 id=$3 host=$4 bridge=$5 init=$6 address=$7 size=$8
shift 8
for group; do
  mkdir -p "$group"
  echo 0 >"$group/cgroup.procs"
done
if [ ! -e "$dir/disk.img" ]; then
  truncate -s "$size" "$dir/disk.img"
  mkfs.ext4 -q -m 0 -E lazy_itable_init=1,lazy_journal_init=1 "$dir/disk.img"
fi
mount -o loop,errors=remount-ro "$dir/disk.img" "$dir/disk"
rm -f "$dir/disk/reserve"
sync -f "$dir/disk"
mkdir -p "$dir/disk/upper" "$dir/disk/work"
mount -t overlay overlay \
  -o "lowerdir=$dir/layer:$image,upperdir=$dir/disk/upper,workdir=$dir/disk/work" "$dir/root"
fallocate -l 64K "$dir/disk/reserve" || true
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
if [ "$init" = systemd ]; then
  set -- --boot
else
  start="ip address add $address/${prefixLength} dev host0; ip link set host0 up; mkdir -p /run/sshd; exec /usr/sbin/sshd -D"
  set -- /bin/sh -c "$start"
fi
exec systemd-nspawn --quiet --keep-unit --register=no --machine="$id" --hostname="$host" \
  --directory="$dir/root" --network-bridge="$bridge" --link-journal=no --resolv-conf=off --timezone=off \
  "$@"
`;

/**
 * Ends a file system as a power cut does: what the kernel has not written yet is lost, the journal is not flushed
 * (EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, fs/ext4/ioctl.c). The next mount recovers from the journal.
 */
const cutPower =
  'open(my $d, "<", $ARGV[0]) or die $!; my $how = pack("L", 2); ioctl($d, 0x8004587d, $how) or die $!;';

/** A machine in a container. */
export class Container extends Machine {
  readonly #setting: ContainerSetting;
  #state: State = { kind: "off" };
  #bootCount = 0;
  #networkCut = false;
  /** Set while the harness itself ends the machine. */
  #expectEnd = false;

  constructor(setting: ContainerSetting) {
    super(setting);
    this.#setting = setting;
    for (const name of ["disk", "root"]) mkdirSync(join(setting.directory, name));
  }

  get bootCount(): number {
    return this.#bootCount;
  }

  get isOn(): boolean {
    return this.#state.kind === "on";
  }

  /** Resolves when its first process runs. */
  async powerOn(): Promise<void> {
    if (this.isOn) throw new Error(`${this.name} is on already`);
    this.failure = undefined;
    this.#expectEnd = false;
    await this.#released();
    const { namespaces, directory, image, id, cgroups, init, diskSize } = this.#setting;
    const host = this.name.split(".")[0] ?? this.name;
    const argv = namespaces.enter([
      ...["unshare", "--mount", "/bin/sh", "-c", bootScript, "sh"],
      ...[directory, image, id, host, bridge, init, this.address, String(diskSize), ...cgroups],
    ]);
    const [program = "", ...args] = argv;
    const log = openSync(join(directory, "console.log"), "a");
    const child = spawn(program, args, { stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    child.unref();
    this.#bootCount += 1;
    child.once("exit", (code, signal) => this.#ended(child, code ?? signal));
    child.once("error", () => this.#ended(child, "cannot run nsenter"));

    const { nspawn, leader } = await poll(`start of ${this.name}`, 20_000, () => {
      if (this.failure) throw this.failure;
      return findLeader(child.pid ?? 0);
    });
    this.#state = { kind: "on", nspawn, leader, child };
    if (this.#networkCut) await this.#setLink("down");
  }

  /** nspawn is gone: after a reboot (any status but 0, since it runs in no unit) the machine has to be started again. */
  #ended(child: ChildProcess, status: number | string | null): void {
    const known = this.#state.kind === "on" && this.#state.child === child;
    this.#state = { kind: "off" };
    if (this.#expectEnd || status === 0) return;
    if (!known) {
      this.failure = new Error(`${this.name} did not start (${status}):\n${this.console.slice(-4000)}`);
      return;
    }
    this.powerOn().catch((cause) => {
      this.failure = new Error(`${this.name} did not come back from a reboot`, { cause });
    });
  }

  /** Waits until the kernel has put away the disk and the link of the last run. */
  async #released(): Promise<void> {
    const { directory, namespaces, id } = this.#setting;
    const disk = join(directory, "disk.img");
    await poll(`end of ${this.name}`, 20_000, async () => {
      const devices = await must(["losetup", "--noheadings", "--output", "NAME", "--associated", disk]);
      if (devices.stdout.trim() !== "") return undefined;
      const link = await run(namespaces.enter(["ip", "link", "show", "dev", linkOf(id)]));
      return link.exitCode === 0 ? undefined : true;
    });
  }

  /** A machine without systemd is running as soon as it is on. */
  override async waitForBoot(timeout?: number): Promise<"running" | "degraded"> {
    return this.#setting.init === "systemd" ? super.waitForBoot(timeout) : "running";
  }

  /** What is lost on ext4 is what the journal has not committed, at most the last few seconds. */
  async powerCut(): Promise<void> {
    const state = this.#on();
    this.#expectEnd = true;
    const disk = join("/proc", String(state.nspawn), "root", this.#setting.directory, "disk");
    // The disk first: nothing that dying processes do reaches it.
    await must(["perl", "-e", cutPower, disk]);
    await this.#kill(state);
  }

  /** Kills whatever there is of it; used when the lab is taken down. */
  async #kill(state: State & { kind: "on" }): Promise<void> {
    signalProcess(state.leader, "SIGKILL");
    signalProcess(state.nspawn, "SIGKILL");
    await poll(`end of ${this.name}`, 20_000, () =>
      processStatus(state.nspawn) || processStatus(state.leader) || this.isOn ? undefined : true,
    );
    await this.#released();
  }

  async failDisk(): Promise<void> {
    this.#on();
    const disk = join(this.#setting.directory, "disk.img");
    const { stdout } = await must(["losetup", "--noheadings", "--output", "NAME", "--associated", disk]);
    const device = basename(stdout.trim());
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "by a test");
  }

  /** Takes the link down on the other side. */
  async cutNetwork(): Promise<void> {
    this.#networkCut = true;
    if (this.isOn) await this.#setLink("down");
  }

  async restoreNetwork(): Promise<void> {
    this.#networkCut = false;
    if (this.isOn) await this.#setLink("up");
  }

  async #setLink(state: "up" | "down"): Promise<void> {
    const { namespaces, id } = this.#setting;
    await poll(`link of ${this.name}`, 5000, async () => {
      const result = await run(namespaces.enter(["ip", "link", "set", "dev", linkOf(id), state]));
      return result.exitCode === 0 ? true : undefined;
    });
  }

  /** Straight in its namespaces. */
  async exec(script: string, options: ExecOptions = {}): Promise<Result> {
    const { leader } = this.#on();
    const { check = true, env, timeout = 60_000, ...rest } = options;
    const enter = [
      "nsenter",
      "--target",
      String(leader),
      "--mount",
      "--uts",
      "--ipc",
      "--net",
      "--pid",
      "--cgroup",
    ];
    const result = await run([...enter, "--root", "--wd=/", "--", "/bin/sh", "-c", script], {
      ...rest,
      timeout,
      env: { PATH: searchPath, HOME: "/root", USER: "root", LANG: "C.UTF-8", ...env },
    });
    if (check && result.exitCode !== 0) throw new CommandError(`on ${this.name}: ${script}`, result);
    return result;
  }

  /** Not behind absolute links. */
  async exists(path: string): Promise<boolean> {
    return this.#state.kind === "on" && existsSync(join("/proc", String(this.#state.leader), "root", path));
  }

  async snapshot(): Promise<Snapshot> {
    const { leader } = this.#on();
    return takeSnapshot(`/proc/${leader}/root`, async (script) => (await this.exec(script)).stdout);
  }

  #on(): State & { kind: "on" } {
    if (this.failure) throw this.failure;
    if (this.#state.kind === "off") throw new Error(`${this.name} is off`);
    return this.#state;
  }

  override abandon(): void {
    this.#expectEnd = true;
  }
}

/**
 * The machine's first process, once it is the machine's own: nspawn's child, after it has left our process namespace.
 * nsenter forks (it enters a process namespace), the fork becomes nspawn.
 */
function findLeader(nsenter: number): { nspawn: number; leader: number } | undefined {
  const nspawn = childrenOf(nsenter)[0];
  if (nspawn === undefined) return undefined;
  for (const leader of childrenOf(nspawn)) {
    const name = nameOf(leader);
    if ((name === "systemd" || name === "sshd") && nameOf(nspawn) === "systemd-nspawn")
      return { nspawn, leader };
  }
  return undefined;
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return undefined;
  }
}
