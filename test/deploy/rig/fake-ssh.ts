/** A fake ssh on PATH, under the test's control: each call is answered by the test, when and how it likes. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One call of ssh. */
export class SshCall {
  readonly args: readonly string[];
  /** The script that is to run on the machine, as it was before it was made safe for login shells. */
  readonly script: string;
  /** Over a connection of its own. */
  readonly fresh: boolean;
  /** Everything that came over standard input, once that has ended. */
  readonly input: Promise<Buffer>;
  /** Set when the caller has ended it. */
  gone = false;
  private readonly socket: Socket;

  constructor(args: readonly string[], input: Promise<Buffer>, socket: Socket) {
    this.args = args;
    this.socket = socket;
    this.input = input;
    this.script = innerScript(args.at(-1) ?? "");
    this.fresh = args.includes("ControlPath=none");
    socket.on("close", () => {
      this.gone = true;
    });
  }

  /** The question to the switcher, e.g. `["confirm", ID, "0"]`; undefined when it is none. */
  get question(): string[] | undefined {
    const match = /\/switcher\.sh' (.*)\n$/.exec(this.script);
    const words = match?.[1]?.match(/'(?:[^']|'\\'')*'/g);
    return words?.map((word) => word.slice(1, -1).replaceAll("'\\''", "'"));
  }

  say(...lines: string[]): void {
    this.send({ stdout: lines.map((line) => `${line}\n`).join("") });
  }

  complain(text: string): void {
    this.send({ stderr: text });
  }

  exit(status: number): void {
    this.send({ exit: status });
  }

  private send(message: object): void {
    if (!this.gone) this.socket.write(`${JSON.stringify(message)}\n`);
  }
}

/** The script within a command line of `remoteCommand`. */
function innerScript(command: string): string {
  return Buffer.from(/' sh ([A-Za-z0-9+/= ]*)$/.exec(command)?.[1] ?? "", "base64").toString();
}

export class FakeSsh {
  readonly calls: SshCall[] = [];
  private readonly directory = mkdtempSync(join(tmpdir(), "nixus-fake-ssh-"));
  private readonly server: Server;
  private readonly path = process.env["PATH"];

  private constructor(answer: (call: SshCall) => void) {
    this.server = createServer((socket) => {
      // An ssh that was killed.
      socket.on("error", () => {});
      const input: Buffer[] = [];
      let ended: (whole: Buffer) => void = () => {};
      const whole = new Promise<Buffer>((resolve) => {
        ended = resolve;
      });
      const lines = createInterface({ input: socket });
      // It repeats the socket's errors.
      lines.on("error", () => {});
      lines.on("line", (line) => {
        const message = JSON.parse(line) as { args?: string[]; input?: string; inputEnd?: true };
        if (message.input !== undefined) input.push(Buffer.from(message.input, "base64"));
        if (message.inputEnd) ended(Buffer.concat(input));
        if (message.args !== undefined) {
          const call = new SshCall(message.args, whole, socket);
          if (message.args.includes("-O")) {
            call.exit(0);
          } else {
            this.calls.push(call);
            answer(call);
          }
        }
      });
    });
  }

  /** Puts the fake on PATH. `answer` is called once for each call, except those that end the shared connection. */
  static async start(answer: (call: SshCall) => void): Promise<FakeSsh> {
    const fake = new FakeSsh(answer);
    const socket = join(fake.directory, "socket");
    await new Promise<void>((resolve) => fake.server.listen(socket, resolve));
    const program = join(import.meta.dirname, "fake-ssh.mjs");
    const ssh = join(fake.directory, "ssh");
    writeFileSync(
      ssh,
      `#!/bin/sh\nNIXUS_FAKE_SSH='${socket}' exec '${process.execPath}' '${program}' "$@"\n`,
    );
    chmodSync(ssh, 0o755);
    process.env["PATH"] = `${fake.directory}:${fake.path}`;
    return fake;
  }

  /** The questions that the switcher was asked, by name. */
  get questions(): string[] {
    return this.calls.flatMap(({ question }) => question?.[0] ?? []);
  }

  async stop(): Promise<void> {
    process.env["PATH"] = this.path;
    for (const call of this.calls) call.exit(255);
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
