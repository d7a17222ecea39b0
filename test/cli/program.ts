/** The built program, run as a person would: in a directory and a home of its own. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ensureProgram } from "../../scripts/setup/build.mjs";
import { project } from "../../scripts/setup/project.mjs";

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program implements Disposable {
  /** Where it is run. */
  readonly directory: string;
  readonly home: string;
  readonly #root: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor() {
    this.#root = mkdtempSync(join(tmpdir(), "nixus-program-"));
    this.directory = join(this.#root, "network");
    this.home = join(this.#root, "home");
    const programs = join(this.#root, "bin");
    for (const path of [this.directory, this.home, programs]) mkdirSync(path);
    const { PATH = "" } = process.env;
    this.#env = { PATH: `${programs}${delimiter}${PATH}`, HOME: this.home, LANG: "C.UTF-8" };
  }

  /** The program is built first when its sources are newer. */
  static async create(): Promise<Program> {
    await ensureProgram();
    return new Program();
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** A path in the directory. */
  at(...path: string[]): string {
    return join(this.directory, ...path);
  }

  write(path: string, text: string | Uint8Array): void {
    writeFileSync(this.at(path), text);
  }

  /** A program that is found before others of its name. */
  provide(name: string, script: string): void {
    writeFileSync(join(this.#root, "bin", name), script, { mode: 0o755 });
  }

  /** A key of OpenSSH in the home, and its public key. */
  sshKey(name = "id_ed25519", passphrase = ""): string {
    mkdirSync(join(this.home, ".ssh"), { recursive: true, mode: 0o700 });
    const file = join(this.home, ".ssh", name);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", file]);
    return execFileSync("cat", [`${file}.pub`], { encoding: "utf8" }).trim();
  }

  nixus(args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
    return this.run([process.execPath, join(project, "dist/cli/main.js"), ...args], options);
  }

  /** With `$NIXUS` as the program. */
  shell(script: string): Promise<Ended> {
    const NIXUS = `${process.execPath} ${join(project, "dist/cli/main.js")}`;
    return this.run(["bash", "-c", script], { env: { NIXUS } });
  }

  run(
    [program = "", ...args]: readonly string[],
    { input = "", env = {} }: { input?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, { cwd: this.directory, env: { ...this.#env, ...env } });
      const printed = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream].setEncoding("utf8").on("data", (text: string) => {
          printed[stream] += text;
        });
      }
      child.on("error", reject);
      child.on("close", (status) => resolve({ status, ...printed }));
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  }
}
