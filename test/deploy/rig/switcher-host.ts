/** A directory that stands for a machine's file system, with systemd and Nix as far as the switcher uses them. */
import { type ChildProcess, type ExecFileException, execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const sources = join(import.meta.dirname, "../../../src/deploy/target");

/** A service runs at once and outlives its starter; a timer only exists, the test lets it fire. */
const systemdRun = `#!/bin/sh
unit= timer=
while [ $# -gt 0 ]; do
  case $1 in
  --unit=*) unit=\${1#*=} ;;
  --on-active=*) timer=1 ;;
  -*) ;;
  *) break ;;
  esac
  shift
done
if [ -e "$NIXUS_ROOT/fake/no-systemd-run" ]; then exit 1; fi
if [ -n "$timer" ]; then
  touch "$NIXUS_ROOT/fake/$unit.timer"
else
  setsid "$@" >"$NIXUS_ROOT/fake/$unit.output" 2>&1 &
  echo $! >"$NIXUS_ROOT/fake/$unit.pid"
fi
`;

const systemctl = `#!/bin/sh
case $1 in
is-active) for last; do :; done; test -e "$NIXUS_ROOT/fake/$last" ;;
stop) rm -f "$NIXUS_ROOT/fake/$2" ;;
reboot) echo "$@" >>"$NIXUS_ROOT/fake/reboot" ;;
start) echo "$@" >>"$NIXUS_ROOT/fake/started" ;;
is-system-running) cat "$NIXUS_ROOT/fake/running" 2>/dev/null || echo running ;;
list-units) for word; do case $word in --state=*) cat "$NIXUS_ROOT/fake/units-\${word#*=}" 2>/dev/null ;; esac; done ;;
esac
`;

const nixEnv = `#!/bin/sh
# --profile PROFILE --set SYSTEM
if [ -e "$NIXUS_ROOT/fake/no-nix-env" ]; then exit 1; fi
n=1
while [ -L "$2-$n-link" ]; do n=$((n + 1)); done
ln -s "$NIXUS_ROOT$4" "$2-$n-link" && ln -sfn "system-$n-link" "$2"
`;

/** Notes the call, then does what the test wants of it. */
const switchToConfiguration = `#!/bin/sh
system=$(dirname "$(dirname "$(readlink -f "$0")")")
name=\${system##*/}
echo "$name $1" >>"$NIXUS_ROOT/fake/activations"
if [ "$1" = test ]; then ln -sfn "$system" "$NIXUS_ROOT/run/current-system"; fi
if [ -e "$NIXUS_ROOT/fake/$name-$1" ]; then . "$NIXUS_ROOT/fake/$name-$1"; fi
`;

export interface Answer {
  readonly status: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

export class SwitcherHost {
  readonly root = mkdtempSync(join(tmpdir(), "nixus-switcher-"));
  private readonly program: string;

  readonly #asking = new Set<ChildProcess>();

  constructor(shell: string) {
    cpSync(sources, join(this.root, "switcher"), { recursive: true });
    this.program = join(this.root, "switcher/switcher.sh");
    const text = readFileSync(this.program, "utf8").replace("#!/bin/sh", `#!${shell}`);
    writeFileSync(this.program, text, { mode: 0o755 });
    for (const directory of ["fake", "bin", "run", "nix/store", "nix/var/nix/profiles"]) {
      mkdirSync(join(this.root, directory), { recursive: true });
    }
    for (const [name, script] of Object.entries({
      "systemd-run": systemdRun,
      systemctl,
      "nix-env": nixEnv,
    })) {
      this.write(`bin/${name}`, script, 0o755);
    }
    this.startBoot("boot-1");
    for (const name of ["old", "new", "newer"]) {
      this.write(`nix/store/${name}/bin/switch-to-configuration`, switchToConfiguration, 0o755);
    }
    this.link("run/current-system", "nix/store/old");
    this.link("nix/var/nix/profiles/system-1-link", "nix/store/old");
    symlinkSync("system-1-link", join(this.root, "nix/var/nix/profiles/system"));
  }

  write(path: string, text: string, mode = 0o644): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }

  link(path: string, target: string): void {
    rmSync(join(this.root, path), { force: true });
    symlinkSync(join(this.root, target), join(this.root, path));
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  list(path: string): string[] {
    return this.has(path) ? readdirSync(join(this.root, path)).sort() : [];
  }

  /** What a system's activation does, as sh text. */
  behaviour(system: string, action: "test" | "boot" | "dry-activate", script: string): void {
    this.write(`fake/${system}-${action}`, script);
  }

  get activations(): string[] {
    return this.has("fake/activations") ? this.read("fake/activations").trimEnd().split("\n") : [];
  }

  /** The lines of the history as records. */
  get history(): Record<string, string>[] {
    if (!this.has("var/lib/nixus/history")) return [];
    const lines = this.read("var/lib/nixus/history").trimEnd().split("\n");
    return lines.map((line) =>
      Object.fromEntries(
        line.split("\t").map((part) => [part.split("=")[0], part.slice(part.indexOf("=") + 1)]),
      ),
    );
  }

  /** The machine starts anew: another boot, and what is in /run is gone. */
  startBoot(id: string): void {
    this.remove("run");
    mkdirSync(join(this.root, "run"));
    this.write("proc/sys/kernel/random/boot_id", `${id}\n`);
    for (const name of this.list("fake")) if (name.endsWith(".timer")) this.remove(`fake/${name}`);
  }

  /**
   * The machine restarts, as one of the linux platform does: into what the restorer's mark says, which is gone then, or
   * into its profile. Before its units are started.
   */
  restart(id: string): void {
    this.startBoot(id);
    const mark = "var/lib/nixus/linux/once";
    const profile = "nix/var/nix/profiles/system";
    const system = this.has(mark) ? this.read(mark).trim() : `/${this.target(profile)}`;
    this.remove(mark);
    this.remove("fake/reboot");
    this.link("run/current-system", system.slice(1));
  }

  /** What systemd starts at a boot of what is in the place for units that outlive one. */
  startUnits(): Promise<Answer>[] {
    return this.list("etc/systemd/system.attached/sysinit.target.wants").map((name) => {
      const unit = this.read(`etc/systemd/system.attached/${name}`);
      const [, ...command] = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(" ") ?? [];
      return this.ask(...command);
    });
  }

  /** Where a link leads to, below the root. */
  target(path: string): string {
    return relative(this.root, realpathSync(join(this.root, path)));
  }

  /** Asks the switcher and waits for its answer. */
  ask(...args: string[]): Promise<Answer> {
    const env = { PATH: `${this.root}/bin:${process.env["PATH"]}`, NIXUS_ROOT: this.root };
    return new Promise((resolve) => {
      const child = execFile(
        this.program,
        args,
        { env },
        (error: ExecFileException | null, stdout, stderr) => {
          const lines = stdout.split("\n").filter((line) => line !== "" && line !== "nixus alive");
          const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          resolve({ status, lines: lines.map((line) => line.replace(/^nixus /, "")), stderr });
          this.#asking.delete(child);
        },
      );
      this.#asking.add(child);
    });
  }

  start(
    id: string,
    system: string,
    options: {
      previous?: string;
      switch?: number;
      success?: number;
      ignore?: boolean;
      /** Restarts the machine, with a limit of 20 s. */
      selector?: string;
      reboot?: number;
      /** What is in memory is sent again. */
      resends?: boolean;
    } = {},
  ) {
    const { previous = "old", switch: switchTimeout = 20, success = 20, ignore = false } = options;
    const systems = [`/nix/store/${system}`, `/nix/store/${previous}`];
    return this.ask(
      "start",
      id,
      ...systems,
      String(switchTimeout),
      String(success),
      ignore ? "1" : "0",
      "me@here",
      ...(options.selector === undefined ? [] : [options.selector, String(options.reboot ?? 20)]),
      ...(options.resends ? ["1"] : []),
    );
  }

  /** Waits until the deployment is in a state. */
  async reaches(id: string, state: string): Promise<void> {
    const file = `run/nixus/${id}/state`;
    await this.becomes(state, () => this.has(file) && this.read(file).includes(`state=${state}\n`));
  }

  /** Waits for a condition; the limit is far above what any takes. */
  async becomes(what: string, condition: () => boolean): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (condition()) return;
      await sleep(20);
    }
    throw new Error(`the machine did not become ${what}: ${this.list("run/nixus").join(" ")}`);
  }

  /** All connections end: nobody asks or follows any more. */
  hangUp(): void {
    for (const child of this.#asking) child.kill("SIGKILL");
  }

  /** SIGKILL for the switcher's service and all that it started. It is gone then: a look at it would find it alive for a moment. */
  killSwitcher(id: string): void {
    const pid = Number(this.read(`fake/nixus-switch-${id}.pid`));
    process.kill(-pid, "SIGKILL");
    const moment = new Int32Array(new SharedArrayBuffer(4));
    while (lives(pid)) Atomics.wait(moment, 0, 0, 5);
  }

  stopSwitcher(id: string): void {
    process.kill(Number(this.read(`fake/nixus-switch-${id}.pid`)), "SIGTERM");
  }

  /** Ends what still runs. */
  dispose(): void {
    this.hangUp();
    for (const name of this.list("fake").filter((name) => name.endsWith(".pid"))) {
      try {
        process.kill(-Number(this.read(`fake/${name}`)), "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** As the switcher sees it: a zombie does not (proc(5), the third field). */
function lives(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
