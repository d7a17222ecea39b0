import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Namespaces } from "./namespace.ts";
import { poll, type Result, type RunOptions, run } from "./process.ts";
import type { Snapshot } from "./snapshot.ts";

/** Where a machine runs. */
export interface MachineSetting {
  /** The name that the deployer knows the machine by. */
  readonly name: string;
  readonly address: string;
  /** Unique on the host that the lab runs on; the names of its network link and control group come from it. */
  readonly id: string;
  /** Holds the layer, the disk and the console log. */
  readonly directory: string;
  readonly namespaces: Namespaces;
}

/** root's, whoever runs a command. */
export const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The host's end of a machine's link, as systemd-nspawn(1) names it. */
export function linkOf(id: string): string {
  return `vb-${id}`;
}

export type ExecOptions = Omit<RunOptions, "cwd"> & { check?: boolean };

/** A Debian machine with systemd, sshd and Nix. Made by `Lab.start`. */
export abstract class Machine {
  readonly name: string;
  readonly address: string;
  /** How many times as long as in a container everything may take. */
  readonly patience: number;
  readonly #directory: string;
  readonly #namespaces: Namespaces;
  /** Why it did not start; every further use throws it. */
  protected failure: Error | undefined;

  protected constructor({ name, address, directory, namespaces }: MachineSetting, patience = 1) {
    this.patience = patience;
    this.name = name;
    this.address = address;
    this.#directory = directory;
    this.#namespaces = namespaces;
  }

  /** How long to wait before the machine is asked again, in milliseconds: the answer takes its processor's time. */
  get interval(): number {
    return 50 * this.patience;
  }

  /** How often it was started: 1 after the first boot. */
  abstract get bootCount(): number;

  abstract get isOn(): boolean;

  /** Starts the machine; resolves when it is on, see `waitForBoot` and `waitForSsh`. */
  abstract powerOn(): Promise<void>;

  /**
   * As if the plug had been pulled: nothing gets to run or to write, and what was not synced to disk may be lost.
   * `powerOn` starts it on the same disk.
   */
  abstract powerCut(): Promise<void>;

  /** Its interface loses the carrier. It stays so over reboots. */
  abstract cutNetwork(): Promise<void>;

  abstract restoreNetwork(): Promise<void>;

  /**
   * The disk's file system meets an error and becomes read-only, as after a failed sector (errors=remount-ro, ext4(5)).
   * The next boot has it writable again.
   */
  abstract failDisk(): Promise<void>;

  /**
   * Runs a POSIX shell script on the machine as root without its network or sshd. Throws when the script fails, unless
   * `check` is false.
   */
  abstract exec(script: string, options?: ExecOptions): Promise<Result>;

  /** Whether there is a file. False on a machine that is off. */
  abstract exists(path: string): Promise<boolean>;

  /** The files, units and network of the machine as they are now, to be compared with `diffSnapshots`. */
  abstract snapshot(): Promise<Snapshot>;

  /** Says that the lab is about to go: the machine's end is no reboot. */
  abandon(): void {}

  /** Everything that was printed on its console. */
  get console(): string {
    const file = join(this.#directory, "console.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Waits until systemd has finished booting; "degraded" means that a unit failed. Milliseconds, in a container. */
  async waitForBoot(timeout = 60_000): Promise<"running" | "degraded"> {
    const ask = async () => {
      if (this.failure) throw this.failure;
      if (!this.isOn) return undefined;
      const { stdout } = await this.exec("systemctl is-system-running", {
        check: false,
        timeout: 5000 * this.patience,
      });
      const state = stdout.trim();
      return state === "running" || state === "degraded" ? state : undefined;
    };
    return poll(`boot of ${this.name}`, timeout * this.patience, ask, this.interval);
  }

  /** Waits until something on the machine speaks SSH at port 22. Milliseconds, in a container. */
  async waitForSsh(timeout = 60_000): Promise<void> {
    const ask = async () => {
      if (this.failure) throw this.failure;
      const scan = ["ssh-keyscan", "-T", String(this.patience), "-t", "ed25519", this.address];
      const result = await run(this.#namespaces.enter(scan), { timeout: 5000 * this.patience });
      return result.stdout.includes("ssh-ed25519") ? true : undefined;
    };
    await poll(`sshd of ${this.name}`, timeout * this.patience, ask, this.interval);
  }

  /** Reboots from inside, as `reboot` does, and waits until sshd answers again. */
  async reboot(timeout = 60_000): Promise<void> {
    const before = this.bootCount;
    await this.exec("systemctl reboot", { check: false });
    await poll(`reboot of ${this.name}`, timeout * this.patience, () => {
      if (this.failure) throw this.failure;
      return this.bootCount > before && this.isOn ? true : undefined;
    });
    await this.waitForSsh(timeout);
  }

  /** The text of a file; throws when there is none. */
  async readFile(path: string): Promise<string> {
    return (await this.exec('cat -- "$FILE"', { env: { FILE: path } })).stdout;
  }

  /** What a unit, or when left out everything, logged in this boot. */
  async journal(unit?: string): Promise<string> {
    const command = "journalctl --boot --no-pager --output=short-monotonic";
    const script = unit === undefined ? command : `${command} --unit="$UNIT"`;
    return (await this.exec(script, { env: { UNIT: unit ?? "" } })).stdout;
  }

  /** The kernel's id of this boot. */
  async bootId(): Promise<string> {
    return (await this.readFile("/proc/sys/kernel/random/boot_id")).trim();
  }
}
