import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { accelerator, processor, uefi } from "../../../../scripts/setup/qemu.mjs";
import { type Firmware, rootPartition } from "../../../../scripts/setup/vm-image.mjs";
import { type ExecOptions, linkOf, Machine, type MachineSetting, searchPath } from "../machine.ts";
import { bridge } from "../namespace.ts";
import { CommandError, childrenOf, must, poll, type Result, signalProcess } from "../process.ts";
import type { Snapshot } from "../snapshot.ts";
import { Agent } from "./agent.ts";
import { Peer } from "./peer.ts";

export interface VirtualMachineSetting extends MachineSetting {
  readonly firmware: Firmware;
  /** The disk that its own is a copy of. */
  readonly disk: string;
}

/** A running machine: the commands that qemu and its disk run below, and the connection to qemu's monitor. */
interface Running {
  readonly qemu: ChildProcess;
  readonly disk: ChildProcess;
  readonly monitor: Peer;
}

/** Emulated processors are slow, and tests run beside others. */
const patience = accelerator() === "kvm" ? 2 : 10;

/** $1 directory, $2 disk, $3 where the root partition begins: a disk of its own, with what is particular to the machine. */
const diskScript = `
set -eu
cp --reflink=auto --sparse=always "$2" "$1/disk.img"
mkdir "$1/root"
mount -o loop,offset="$3" "$1/disk.img" "$1/root"
cp -a "$1/layer/." "$1/root/"
umount "$1/root"
`;

/** A machine with a kernel, a boot loader, a disk and a clock of its own. */
export class VirtualMachine extends Machine {
  readonly #setting: VirtualMachineSetting;
  readonly #agent: Agent;
  #running: Running | undefined;
  #bootCount = 0;
  /** Seconds since 1970. */
  #lastReset = 0;
  #networkCut = false;
  /** What its clock is set to, seconds later than the host's: it goes on while the machine is off. */
  #clock = { base: 0, now: 0 };

  constructor(setting: VirtualMachineSetting) {
    super(setting, patience);
    this.#setting = setting;
    this.#agent = new Agent(this.#file("agent.sock"));
  }

  get bootCount(): number {
    return this.#bootCount;
  }

  get isOn(): boolean {
    return this.#running !== undefined;
  }

  async powerOn(): Promise<void> {
    if (this.isOn) throw new Error(`${this.name} is on already`);
    await this.#prepare();
    for (const name of ["disk.sock", "agent.sock", "monitor.sock"]) rmSync(this.#file(name), { force: true });
    const disk = await this.#start(this.#diskCommand(), "disk.sock");
    this.#clock.base = this.#clock.now;
    let qemu: ChildProcess;
    try {
      qemu = await this.#start(this.#qemuCommand(), "monitor.sock");
    } catch (error) {
      await end(disk);
      throw error;
    }
    const monitor = await Peer.connect(this.#file("monitor.sock"), (event) => this.#heard(event));
    await monitor.request("qmp_capabilities");
    this.#running = { qemu, disk, monitor };
    qemu.once("exit", () => void this.#ended());
    this.#bootCount += 1;
    if (this.#networkCut) await this.#setLink(false);
    await monitor.request("cont");
  }

  /** Before the first start: its disk, its link, and the variables of its firmware. */
  async #prepare(): Promise<void> {
    if (existsSync(this.#file("disk.img"))) return;
    const { namespaces, directory, disk, firmware, id } = this.#setting;
    await must(
      namespaces.enter(["/bin/sh", "-c", diskScript, "sh", directory, disk, String(rootPartition.start)]),
    );
    const link = `ip tuntap add dev ${linkOf(id)} mode tap && ip link set dev ${linkOf(id)} master ${bridge} up`;
    await must(namespaces.enter(["/bin/sh", "-c", link]));
    mkdirSync(this.#file("cache"));
    if (firmware === "uefi") copyFileSync(uefi.variables, this.#file("variables.fd"));
  }

  /**
   * A disk with a volatile write cache: what the machine has not flushed is with this process alone, and is lost with
   * it. What it has flushed is in the file.
   */
  #diskCommand(): string[] {
    return [
      ...["env", `TMPDIR=${this.#file("cache")}`, "nbdkit", "--foreground", "--exit-with-parent"],
      ...[
        "--unix",
        this.#file("disk.sock"),
        "--filter=cache",
        "file",
        this.#file("disk.img"),
        "cache=writeback",
      ],
    ];
  }

  #qemuCommand(): string[] {
    const { firmware, id, address } = this.#setting;
    const number = Number(address.split(".")[3]).toString(16).padStart(2, "0");
    const clock = new Date(Date.now() + this.#clock.now * 1000).toISOString().slice(0, 19);
    const variables = `if=pflash,unit=1,format=raw,file=${this.#file("variables.fd")}`;
    return [
      ...["qemu-system-x86_64", ...processor(), "-S", "-rtc", `base=${clock},clock=host`],
      ...["-qmp", `unix:${this.#file("monitor.sock")},server=on,wait=off`],
      ...[
        "-chardev",
        `file,id=console,path=${this.#file("console.log")},append=on`,
        "-serial",
        "chardev:console",
      ],
      ...(firmware === "uefi"
        ? ["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${uefi.code}`, "-drive", variables]
        : []),
      ...["-blockdev", `driver=nbd,node-name=disk,server.type=unix,server.path=${this.#file("disk.sock")}`],
      ...["-device", "virtio-blk-pci,drive=disk,write-cache=on,bootindex=0"],
      ...["-netdev", `tap,id=net,ifname=${linkOf(id)},script=no,downscript=no`],
      ...["-device", `virtio-net-pci,id=host0,netdev=net,mac=52:54:00:44:00:${number}`],
      ...["-device", "virtio-serial-pci"],
      ...["-chardev", `socket,id=agent,path=${this.#file("agent.sock")},server=on,wait=off`],
      ...["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"],
    ];
  }

  /** Starts a command in the lab; resolves when it listens at its socket. */
  async #start(argv: readonly string[], socket: string): Promise<ChildProcess> {
    const [program = "", ...args] = this.#setting.namespaces.enter(argv);
    const log = openSync(this.#file("qemu.log"), "a");
    const child = spawn(program, args, { stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    child.unref();
    await poll(`start of ${argv[0]} for ${this.name}`, 20_000 * patience, () => {
      if (child.exitCode !== null) throw new Error(`${argv.join(" ")} ended with ${child.exitCode}`);
      return listens(this.#file(socket));
    });
    return child;
  }

  /** What qemu tells by itself. */
  #heard(event: Readonly<Record<string, unknown>>): void {
    switch (event["event"]) {
      case "RESET": {
        // A BIOS begins a start that is not the first one with a reset of its own.
        const { seconds } = event["timestamp"] as { seconds: number };
        if (seconds - this.#lastReset > 2) this.#bootCount += 1;
        this.#lastReset = seconds;
        void this.#agent.forget();
        break;
      }
      case "RTC_CHANGE":
        this.#clock.now = this.#clock.base + (event["data"] as { offset: number }).offset;
        break;
    }
  }

  /** It has been switched off, by itself or by us. */
  async #ended(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.monitor.close();
    await this.#agent.forget();
    if (running !== undefined) await end(running.disk);
  }

  /** qemu goes with all that the machine was doing, and its disk with what it was not told to flush. */
  async powerCut(): Promise<void> {
    const { qemu, disk } = this.#on();
    await end(qemu);
    await end(disk);
    await poll(`end of ${this.name}`, 20_000, () => (this.isOn ? undefined : true));
  }

  async failDisk(): Promise<void> {
    await this.exec("echo by a test >/sys/fs/ext4/vda*/trigger_fs_error");
  }

  async cutNetwork(): Promise<void> {
    this.#networkCut = true;
    if (this.isOn) await this.#setLink(false);
  }

  async restoreNetwork(): Promise<void> {
    this.#networkCut = false;
    if (this.isOn) await this.#setLink(true);
  }

  async #setLink(up: boolean): Promise<void> {
    await this.#on().monitor.request("set_link", { name: "host0", up });
  }

  /** By the guest agent: not before that runs, nor any more during a shutdown. */
  async exec(script: string, options: ExecOptions = {}): Promise<Result> {
    this.#on();
    const { check = true, env, timeout = 60_000 * patience, input = "" } = options;
    const environment = { PATH: searchPath, HOME: "/root", USER: "root", LANG: "C.UTF-8", ...env };
    const text = typeof input === "string" ? input : Buffer.from(input).toString();
    let result: Result;
    try {
      result = await this.#agent.run(["/bin/sh", "-c", `cd /; ${script}`], environment, text, timeout);
    } catch (error) {
      const stderr = error instanceof Error ? error.message : String(error);
      result = { stdout: "", stderr, exitCode: null, signal: null, timedOut: false };
    }
    if (check && result.exitCode !== 0) throw new CommandError(`on ${this.name}: ${script}`, result);
    return result;
  }

  async exists(path: string): Promise<boolean> {
    return this.isOn && this.#agent.exists(path, 20_000 * patience).catch(() => false);
  }

  snapshot(): Promise<Snapshot> {
    throw new Error("snapshots are taken of containers, whose files can be seen from here");
  }

  #on(): Running {
    if (this.#running === undefined) throw new Error(`${this.name} is off`);
    return this.#running;
  }

  #file(name: string): string {
    return join(this.#setting.directory, name);
  }
}

/** Whether somebody accepts connections at a Unix socket: its file is there a moment before that. True or undefined. */
function listens(path: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(undefined));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Kills a command of the lab (nsenter's child, which has entered its process namespace), and waits for its end. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of childrenOf(child.pid ?? 0)) signalProcess(pid, "SIGKILL");
  await poll("end of a machine's process", 20_000, () =>
    child.exitCode !== null || child.signalCode !== null ? true : undefined,
  );
}
