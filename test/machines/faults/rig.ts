/** A machine to be maltreated, its deployer, and what is needed to hold a deployment at a moment. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Event, Outcome } from "../../../src/events/event.ts";
import { Lab, type Machine, type Result, type Running } from "../lib/index.ts";
import { poll } from "../lib/process.ts";
import { Relay, relayAddress, relayPort } from "./relay.ts";

export const nodeName = "foo.example.com";

/** Where a machine is: in a container, or a virtual one with this firmware. */
export type Place = "container" | "bios" | "uefi";

/** Seconds, in all networks of the rig unless a case says otherwise; longer on a machine that needs more patience. */
const switchTimeout = 30;
const successTimeout = 8;
const rebootTimeout = 20;

/** A machine on a disk this large has room for the systems of some hundred cases, and is soon full. */
const diskSize = 192 * 1024 ** 2;

/** How long a deployment may take until its moment comes. Milliseconds, in a container. */
const momentTimeout = 60_000;

const tools = ["sync", "nix-env", "systemd-run", "systemctl"];

export interface NetworkOptions {
  /** What the system has beside what all have: the inside of a configuration. */
  readonly configuration?: string;
  /** Seconds; those of the rig when left out. */
  readonly switchTimeout?: number;
  readonly successTimeout?: number;
  /** Whether it has something that takes its time to be copied. */
  readonly payload?: boolean;
  /** Whether it goes without what all systems have. */
  readonly managesNothing?: boolean;
  /** Whether the machine is restarted into it. */
  readonly reboots?: boolean;
  /** Whether the deployer does not go through the relay. */
  readonly direct?: boolean;
}

/** `nixus deploy --json` under way or ended. */
export class Deployment {
  readonly #running: Running;

  constructor(running: Running) {
    this.#running = running;
  }

  get done(): Promise<Result> {
    return this.#running.done;
  }

  get events(): readonly Event[] {
    const whole = this.#running.stdout.split("\n").slice(0, -1);
    return whole.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Event);
  }

  get errors(): string {
    return this.#running.stderr;
  }

  /** What it reported; null: it was killed before. */
  get outcome(): Outcome | null {
    for (const event of this.events) if (event.type === "finished") return event.outcome;
    return null;
  }

  /** The store path of its system, once that is told; empty before. */
  get system(): string {
    for (const event of this.events) {
      if (event.type === "finished" || event.type === "triggering-switcher") return event.system;
    }
    return "";
  }

  get problem(): string {
    return this.events
      .filter((event) => event.type === "problem")
      .map(({ message }) => message)
      .join("; ");
  }

  kill(signal: NodeJS.Signals): void {
    this.#running.kill(signal);
  }
}

export class Rig {
  readonly lab: Lab;
  readonly machine: Machine;
  readonly relay: Relay;
  readonly #project: string;
  readonly #networks: string;
  /** The number of the next system. Its network is in the file of this number. */
  #next = 1;
  readonly #deployments = new Map<number, Deployment[]>();
  /** The number of the system that runs; 0: the machine as it was found. */
  runs = 0;

  private constructor(lab: Lab, relay: Relay, project: string) {
    this.lab = lab;
    this.machine = lab.machine();
    this.relay = relay;
    this.#project = project;
    this.#networks = join(lab.home, "networks");
    mkdirSync(this.#networks);
  }

  /** A machine as it was found. */
  static async start(project: string, place: Place): Promise<Rig> {
    const sources = join(project, "test/machines/faults");
    const script = (name: string) => ({ text: readFileSync(join(sources, name), "utf8"), mode: 0o755 });
    const lab = await Lab.start({
      machines: [
        {
          name: nodeName,
          ...(place === "container" ? { image: "debian-services", diskSize } : { virtual: place }),
          files: {
            "/usr/local/lib/faults/gate": script("gate.sh"),
            ...Object.fromEntries(tools.map((tool) => [`/usr/local/bin/${tool}`, script("tool.sh")])),
          },
        },
      ],
    });
    try {
      return new Rig(lab, await Relay.start(lab, project), project);
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.lab.stop();
  }

  /** Writes a network whose system no other is like; returns the system's number. */
  network(options: NetworkOptions): number {
    const { configuration = "", payload = false } = options;
    const { managesNothing = false, direct = false, reboots = false } = options;
    const { patience } = this.machine;
    const number = this.#next++;
    if (payload) writeFileSync(join(this.#networks, `payload-${number}`), randomBytes(3 * 1024 * 1024));
    const gate = (moment: string) => `/usr/local/lib/faults/gate ${moment}.${number}`;
    const relayed = `ssh.options = { HostName = "${relayAddress}"; Port = "${relayPort}"; HostKeyAlias = "${nodeName}"; };`;
    const base = `
      environment.etc."faults/number".text = "${number}";
      ${payload ? `environment.etc."faults/payload".source = ./payload-${number};` : ""}
      systemd.services.witness = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "/bin/sleep infinity"; };
      systemd.services.late = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig = { Type = "oneshot"; RemainAfterExit = true; };
        script = "${gate("late")}";
      };
      system.activationScripts.gate = "${gate("activation")}";
    `;
    writeFileSync(
      this.file(number),
      `{
  nodes.foo = {
    host = "root@${nodeName}";
    platform = "linux";
    ${direct ? "" : relayed}
    switchTimeout = ${(options.switchTimeout ?? switchTimeout) * patience};
    successTimeout = ${(options.successTimeout ?? successTimeout) * patience};
    ${reboots ? `rebootPolicy = "always"; rebootTimeout = ${rebootTimeout * patience};` : ""}
    configuration = [ { ${managesNothing ? "" : base} } { ${configuration} } ];
  };
}
`,
    );
    return number;
  }

  file(number: number): string {
    return join(this.#networks, `network-${number}.nix`);
  }

  /** Starts the deployment of a system. */
  deploy(number: number, ...args: readonly string[]): Deployment {
    const program = join(this.#project, "dist/cli/main.js");
    const deployment = new Deployment(
      this.lab.spawn([process.execPath, program, "deploy", "--json", "-f", this.file(number), ...args], {
        cwd: this.#networks,
        timeout: 420_000 * this.machine.patience,
      }),
    );
    this.#deployments.set(number, [...(this.#deployments.get(number) ?? []), deployment]);
    return deployment;
  }

  /** The store path of a system, once a deployment of it has come so far; empty before. */
  systemOf(number: number): string {
    const deployments = this.#deployments.get(number) ?? [];
    return deployments.map(({ system }) => system).find((system) => system !== "") ?? "";
  }

  /** What switcher and watchdog have said, in this boot and the one before. */
  async journal(): Promise<string> {
    if (!this.machine.isOn) return this.machine.console.slice(-2000);
    const { stdout } = await this.machine.exec(
      "journalctl --no-pager --no-hostname --output=short-monotonic --lines=60 --unit='nixus-*'; cat /run/nixus/*/log 2>/dev/null | tail -n 20; cat /var/lib/nixus/deployment /run/nixus/*/snapshot.network",
      { check: false },
    );
    return stdout;
  }

  async history(): Promise<string[]> {
    const { stdout } = await this.machine.exec("cat /var/lib/nixus/history 2>/dev/null || true");
    return stdout.split("\n").filter((line) => line.startsWith("version="));
  }

  async historyLength(): Promise<number> {
    return (await this.history()).length;
  }

  /** Brings the machine to where a case begins: a system of ours that runs, or none was ever deployed. */
  async begin(first: boolean): Promise<void> {
    await this.machine.exec("rm -rf /nix/var/nix/gcroots/nixus/2*");
    if (first) {
      await this.forget();
    } else if (this.runs === 0) {
      const base = this.network({});
      const deployment = this.deploy(base);
      await deployment.done;
      if (deployment.outcome !== "activated") {
        throw new Error(
          `the deployment before: ${deployment.outcome} ${deployment.problem}${deployment.errors}`,
        );
      }
      this.runs = base;
    }
  }

  /** The machine as if nothing was ever deployed to it. */
  private async forget(): Promise<void> {
    if (this.#deployments.size === 0) return;
    const number = this.network({ managesNothing: true });
    const deployment = this.deploy(number);
    await deployment.done;
    if (deployment.outcome !== "activated" && deployment.outcome !== "unchanged") {
      throw new Error(
        `going back to nothing: ${deployment.outcome} ${deployment.problem}${deployment.errors}`,
      );
    }
    await this.machine.exec("rm -f /nix/var/nix/profiles/system* /run/current-system /run/booted-system");
    this.runs = 0;
  }

  /** Waits until the machine sees to no deployment any more: ended, or left by all. */
  async settled(): Promise<void> {
    await this.until(
      "the end of the deployment on the machine",
      async () => {
        if (!this.machine.isOn) return false;
        const { stdout } = await this.machine.exec(
          "systemctl list-units --all --plain --no-legend 'nixus-switch-*' 'nixus-watchdog-*' 'nixus-boot-*'; systemctl is-system-running",
          { check: false },
        );
        // "maintenance": somebody has been at rescue.target.
        return /^(?:running|degraded|maintenance)\n$/.test(stdout);
      },
      150_000,
    );
  }

  /** Waits for a moment; fails when the deployment ends before. */
  async orEnd(deployment: Deployment, moment: Promise<void>): Promise<void> {
    const ended = deployment.done.then(async () => {
      // It may have ended because of what is waited for.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      throw new Error(`the deployment ended before its step: ${deployment.outcome} ${deployment.problem}`);
    });
    await Promise.race([moment, ended]);
  }

  /**
   * Where a moment is armed: what happens when the machine comes to it. `lasting`: also after a restart. The sync is not
   * the one that moments are noticed at, which may be at this very moment.
   */
  async arm(kind: "hold" | "fail" | "do", moment: string, script = "", lasting = false): Promise<void> {
    await this.machine.exec(
      'mkdir -p "$MOMENTS" && printf "%s" "$SCRIPT" >"$MOMENTS/$KIND.$MOMENT" && /usr/bin/sync -f "$MOMENTS"',
      {
        env: { KIND: kind, MOMENT: moment, SCRIPT: script, MOMENTS: lasting ? "/var/faults" : "/run/faults" },
      },
    );
  }

  async reached(moment: string): Promise<void> {
    await this.until(
      `the moment ${moment}`,
      async () =>
        (await this.machine.exists(`/run/faults/reached.${moment}`)) ||
        (await this.machine.exists(`/var/faults/reached.${moment}`)),
    );
  }

  async release(moment: string): Promise<void> {
    if (!this.machine.isOn) return;
    await this.machine.exec('rm -f "/run/faults/hold.$MOMENT" "/var/faults/hold.$MOMENT"', {
      env: { MOMENT: moment },
    });
  }

  async until(
    what: string,
    condition: () => boolean | Promise<boolean>,
    timeout = momentTimeout,
  ): Promise<void> {
    const { patience, interval } = this.machine;
    const ask = async () => ((await condition()) ? true : undefined);
    await poll(what, timeout * patience, ask, patience === 1 ? 20 : interval);
  }

  /** Nothing is armed any more; the network is whole. */
  async disarm(): Promise<void> {
    await this.releaseActivations();
    await this.relay.restore();
    await this.machine.restoreNetwork();
    if (this.machine.isOn) await this.machine.exec("rm -rf /run/faults/* /var/faults");
  }

  /**
   * Queues for the lock of activations (linux-activation.md) and keeps it: the next activation is held at its very
   * beginning, for the 30 s that it waits for the lock. Resolves when we have it or are the next to have it.
   */
  async holdActivations(): Promise<void> {
    await this.machine.exec(`
      mkdir -p /run/nixus/linux /run/faults
      : >/run/faults/keep-lock
      : >>/run/nixus/linux/lock
      setsid flock /run/nixus/linux/lock /bin/sh -c '
        : >/run/faults/locked
        while [ -e /run/faults/keep-lock ]; do sleep 0.05; done
        rm -f /run/faults/locked
      ' </dev/null >/dev/null 2>&1 &
      lock=$(stat -c %i /run/nixus/linux/lock)
      while [ ! -e /run/faults/locked ] && ! grep -q -- "-> FLOCK .*:$lock " /proc/locks; do sleep 0.02; done
    `);
  }

  activationsHeld(): Promise<boolean> {
    return this.machine.exists("/run/faults/locked");
  }

  async releaseActivations(): Promise<void> {
    if (this.machine.isOn) await this.machine.exec("rm -f /run/faults/keep-lock");
  }
}
