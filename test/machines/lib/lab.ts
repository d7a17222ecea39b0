import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureImage, type ImageName } from "../../../scripts/setup/image.mjs";
import { ensureDisk, type Firmware } from "../../../scripts/setup/vm-image.mjs";
import { Container, type Init } from "./container.ts";
import { type MachineFile, passwdWithHome, writeLayer } from "./layer.ts";
import type { Machine } from "./machine.ts";
import { createNamespaces, type Namespaces } from "./namespace.ts";
import { CommandError, must, type Result, type Running, type RunOptions, start } from "./process.ts";
import { VirtualMachine } from "./virtual/virtual-machine.ts";
import {
  createWorkspace,
  machineCgroups,
  recordHolder,
  removeStaleLabs,
  removeWorkspace,
  type Workspace,
} from "./workspace.ts";

export interface MachineOptions {
  /** The name that the deployer knows the machine by; the host name is its first part. */
  readonly name: string;
  /** "debian" when left out; "debian-without-nix" has no Nix. */
  readonly image?: ImageName;
  /** A virtual machine with this firmware; a container when left out. Has a disk and an image of its own. */
  readonly virtual?: Firmware;
  /** "systemd" when left out; "sshd": a target on which systemd is not running. */
  readonly init?: Init;
  /** Size of its disk in bytes; 8 GiB when left out. Takes no more than what is written. */
  readonly diskSize?: number;
  /** Files that it has from the start, by absolute path; a string is a text with mode 0644. */
  readonly files?: Readonly<Record<string, MachineFile | string>>;
}

export interface LabOptions {
  readonly machines: readonly MachineOptions[];
  /** Whether to wait until all machines have booted and answer over SSH; true when left out. */
  readonly wait?: boolean;
}

/** How long a command may take that sets no time itself, in milliseconds. */
const defaultTimeout = 120_000;

const defaultDiskSize = 8 * 1024 ** 3;

/**
 * Test machines in a network of their own, and a deployer in it: a root user with an SSH key that every machine's root
 * accepts, who knows the machines' names and host keys. Needs root; takes itself down when its owner ends.
 */
export class Lab {
  /** The deployer's home directory. Its .ssh is what a person's would be: id_ed25519, known_hosts. */
  readonly home: string;
  /** The deployer's public key, one line in OpenSSH's format. */
  readonly publicKey: string;
  readonly machines: readonly Machine[];
  readonly #workspace: Workspace;
  readonly #namespaces: Namespaces;
  #stopped = false;

  private constructor(parts: {
    home: string;
    publicKey: string;
    machines: readonly Machine[];
    workspace: Workspace;
    namespaces: Namespaces;
  }) {
    this.home = parts.home;
    this.publicKey = parts.publicKey;
    this.machines = parts.machines;
    this.#workspace = parts.workspace;
    this.#namespaces = parts.namespaces;
  }

  /** Starts a lab, after cleaning up what earlier ones left that were killed. All or nothing. */
  static async start(options: LabOptions): Promise<Lab> {
    await removeStaleLabs();
    const images = new Map<ImageName, string>();
    for (const machine of options.machines) images.set(imageOf(machine), await ensureImage(imageOf(machine)));
    const disks = new Map<Firmware, string>();
    for (const { virtual } of options.machines) {
      if (virtual !== undefined) disks.set(virtual, await ensureDisk(virtual));
    }

    const workspace = createWorkspace();
    let namespaces: Namespaces | undefined;
    try {
      const home = join(workspace.directory, "home");
      const publicKey = await makeDeployer(home);
      const addressed = options.machines.map((machine, index) => ({
        machine,
        address: `10.44.0.${11 + index}`,
      }));
      const hosts = addressed.map(({ machine, address }) => `${address} ${machine.name}\n`);
      const files = {
        passwd: join(workspace.directory, "passwd"),
        hosts: join(workspace.directory, "hosts"),
      };
      writeFileSync(files.passwd, passwdWithHome(home));
      writeFileSync(files.hosts, ["127.0.0.1 localhost\n", ...hosts].join(""));
      namespaces = await createNamespaces(files);
      recordHolder(workspace, namespaces.pid);

      const machines: Machine[] = [];
      const knownHosts: string[] = [];
      for (const [index, { machine, address }] of addressed.entries()) {
        const id = `${workspace.id}-${index + 1}`;
        const directory = join(workspace.directory, `machine-${index + 1}`);
        const image = images.get(imageOf(machine)) ?? "";
        mkdirSync(directory);
        const hostKey = await makeKey(join(directory, "host_key"), "");
        const { name, files = {}, init = "systemd", diskSize = defaultDiskSize, virtual } = machine;
        writeLayer(join(directory, "layer"), image, {
          name,
          address,
          hostKey,
          authorizedKeys: publicKey,
          files: virtual === undefined ? files : { ...patientSystemd, ...files },
        });
        knownHosts.push(`${name},${address} ${hostKey.public}`);
        const setting = { name, address, id, directory, namespaces };
        if (virtual !== undefined) {
          const disk = disks.get(virtual) ?? "";
          machines.push(new VirtualMachine({ ...setting, firmware: virtual, disk }));
          continue;
        }
        const cgroups = machineCgroups(workspace, id);
        machines.push(new Container({ ...setting, image, cgroups, init, diskSize }));
      }
      writeFileSync(join(home, ".ssh", "known_hosts"), knownHosts.join(""));

      const lab = new Lab({ home, publicKey, machines, workspace, namespaces });
      await Promise.all(machines.map((machine) => machine.powerOn()));
      if (options.wait ?? true) {
        await Promise.all(machines.map((machine) => machine.waitForBoot().then(() => machine.waitForSsh())));
      }
      return lab;
    } catch (error) {
      await namespaces?.remove();
      removeWorkspace(workspace);
      throw error;
    }
  }

  /** The machine of a name; the first one when there is no name. */
  machine(name?: string): Machine {
    const found =
      name === undefined ? this.machines[0] : this.machines.find((machine) => machine.name === name);
    if (found === undefined) throw new Error(`the lab has no machine ${name ?? "at all"}`);
    return found;
  }

  /**
   * Runs a command as the deployer: in the lab's network, with the deployer's home. Never throws for a failing
   * command, unless `check` is true. `env` is added to the deployer's environment.
   */
  async run(argv: readonly string[], options: RunOptions & { check?: boolean } = {}): Promise<Result> {
    const { check = false, ...rest } = options;
    const result = await this.spawn(argv, { timeout: defaultTimeout, ...rest }).done;
    if (check && result.exitCode !== 0) throw new CommandError(argv.join(" "), result);
    return result;
  }

  /** Starts a command as the deployer. `kill` reaches it with all that it started in its process group. */
  spawn(argv: readonly string[], options: RunOptions = {}): Running {
    const { cwd = process.cwd(), env, ...rest } = options;
    return start(this.#namespaces.enter(argv, cwd), { ...rest, env: this.#environment(env) });
  }

  /** The command line and environment of `spawn`, for a caller who wants to start it on a terminal. */
  commandLine(argv: readonly string[], cwd = process.cwd()): { argv: string[]; env: NodeJS.ProcessEnv } {
    return { argv: this.#namespaces.enter(argv, cwd), env: this.#environment() };
  }

  /** As after a login: nothing of the agents, directories and settings of the person who runs the tests. */
  #environment(added: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const kept = ["PATH", "LANG", "TERM", "COLORTERM", "TMPDIR"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    const own = { HOME: this.home, USER: "root", LOGNAME: "root", SHELL: "/bin/bash" };
    return { ...Object.fromEntries(kept), ...own, ...added };
  }

  /** Ends all machines and commands, and removes everything. Again: nothing. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const machine of this.machines) machine.abandon();
    await this.#namespaces.remove();
    removeWorkspace(this.#workspace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** An emulated processor is slow: what takes long has not failed. */
const patientSystemd = {
  "/etc/systemd/system.conf.d/patience.conf":
    "[Manager]\nDefaultTimeoutStartSec=900\nDefaultDeviceTimeoutSec=900\n",
};

function imageOf({ virtual, image = "debian" }: MachineOptions): ImageName {
  return virtual === undefined ? image : "debian-vm";
}

/** Makes the deployer's home with a key. @returns the public key */
async function makeDeployer(home: string): Promise<string> {
  const ssh = join(home, ".ssh");
  mkdirSync(ssh, { recursive: true });
  chmodSync(home, 0o700);
  chmodSync(ssh, 0o700);
  return (await makeKey(join(ssh, "id_ed25519"), "deployer")).public;
}

async function makeKey(file: string, comment: string): Promise<{ private: string; public: string }> {
  await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file]);
  return { private: readFileSync(file, "utf8"), public: readFileSync(`${file}.pub`, "utf8") };
}
