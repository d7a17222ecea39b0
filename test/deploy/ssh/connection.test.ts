/** What becomes of an ssh that can't be started, of one that is to end, and of commands whose output nobody can make sense of. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ConnectionError, RemoteCommandError } from "../../../src/deploy/errors.ts";
import { Connection } from "../../../src/deploy/ssh/connection.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";
import { withNoMoreFiles } from "../../store/no-more-files.ts";
import { FakeSsh } from "../rig/fake-ssh.ts";

const connectionToFoo = () =>
  new Connection({ destination: "root@foo", sshOptions: {}, privilegeEscalationCommand: [] }, "/nonexistent");

test("a line that can't be understood is a failure of this command, however long ssh goes on", async () => {
  const ssh = await FakeSsh.start(async (call) => {
    call.say("nonsense");
    while (!understood) await sleep(10);
    // Long enough for a failure that nobody waits for to be noticed.
    await sleep(50);
    call.exit(0);
  });
  onTestFinished(() => ssh.stop());
  let understood = false;
  const run = connectionToFoo().run("true", {
    onLine: (line) => {
      understood = true;
      throw new RangeError(`what is ${line}?`);
    },
  });
  await expect(run).rejects.toThrow("what is nonsense?");
});

describe("where there is no way through a jump host", () => {
  const closed =
    "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n";

  async function complaint(...complaints: readonly string[]) {
    const ssh = await FakeSsh.start((call) => {
      const said = complaints[ssh.calls.length - 1];
      if (said !== undefined) call.complain(said);
      call.exit(said === undefined ? 0 : 255);
    });
    onTestFinished(() => ssh.stop());
    const error = await connectionToFoo()
      .run("true")
      .catch((error: unknown) => error);
    return { error, calls: ssh.calls };
  }

  test("it is asked for its complaint, of which ssh shows nothing for a shared connection", async () => {
    const { error, calls } = await complaint(closed, `me@jump: Permission denied (publickey).\n${closed}`);
    expect(error).toMatchObject({ failure: "permission-denied" });
    expect(error).toMatchObject({ message: expect.stringContaining("as me@jump") });
    expect(calls.map(({ fresh }) => fresh)).toEqual([false, true]);
  });

  test("and there is one now, the connection was lost", async () => {
    const { error, calls } = await complaint(closed);
    expect(error).toMatchObject({ constructor: ConnectionError, failure: "lost" });
    expect(calls).toHaveLength(2);
  });

  test("of other complaints nobody is asked", async () => {
    const { error, calls } = await complaint("ssh: connect to host foo port 22: Connection refused\n");
    expect(error).toMatchObject({ failure: "refused" });
    expect(calls).toHaveLength(1);
  });
});

describe("an ssh that can't be started is a failure of this connection alone", () => {
  const never = new AbortController().signal;
  const refusal = (failure: string, message: RegExp) =>
    expect.objectContaining({
      constructor: ConnectionError,
      failure,
      message: expect.stringMatching(message),
    });

  test("where there is none", async () => {
    using nothing = scratchDirectory();
    vi.stubEnv("PATH", nothing.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const connection = connectionToFoo();
    const expected = refusal("no-client", /^there is no ssh here; install/);
    await expect(connection.run("true")).rejects.toEqual(expected);
    await expect(connection.run("cat", { input: [Buffer.from("in")] })).rejects.toEqual(expected);
    await expect((async () => await connection.stream("cat", never))()).rejects.toEqual(expected);
    expect(await connection.hostname()).toBe("foo");
  });

  test("for a command that is too long", async () => {
    const connection = connectionToFoo();
    const long = `: ${"x".repeat(4 * 1024 * 1024)}`;
    const expected = refusal("other", /^ssh could not be started: .*E2BIG/);
    await expect(connection.run(long)).rejects.toEqual(expected);
    await expect((async () => await connection.stream(long, never))()).rejects.toEqual(expected);
  });

  test("while too many files are open", async () => {
    const connection = connectionToFoo();
    const expected = refusal("other", /^ssh could not be started: .*EMFILE/);
    await withNoMoreFiles(async () => {
      await expect(connection.run("true")).rejects.toEqual(expected);
      await expect((async () => await connection.stream("cat", never))()).rejects.toEqual(expected);
      expect(await connection.hostname()).toBe("foo");
    });
  });
});

describe("an ssh that is to end is not waited for where what it has started holds its standard error", () => {
  /** As a ProxyCommand's program does. Its process id is what comes over standard output. */
  const holder = `#!/bin/sh
sleep 60 >/dev/null </dev/null &
echo $!
wait
`;

  /** An ssh whose program is ended with the test, unless it has gone by itself, which is a failure. */
  function sshWithHolder(): { onLine: (line: string) => void; begun: Promise<number> } {
    const scratch = scratchDirectory();
    const path = join(scratch.path, "ssh");
    writeFileSync(path, holder);
    chmodSync(path, 0o755);
    vi.stubEnv("PATH", `${scratch.path}${delimiter}${process.env["PATH"]}`);
    let tell: (pid: number) => void = () => {};
    const begun = new Promise<number>((resolve) => {
      tell = resolve;
    });
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      scratch[Symbol.dispose]();
      process.kill(await begun);
    });
    return { onLine: (line) => tell(Number(line)), begun };
  }

  test("when its time is over", async () => {
    const { onLine } = sshWithHolder();
    const run = connectionToFoo().run("true", { onLine, timeLimit: 2000 });
    await expect(run).rejects.toThrow(RemoteCommandError);
  });

  test("when it is interrupted", async () => {
    const { onLine, begun } = sshWithHolder();
    const interrupt = new AbortController();
    const run = connectionToFoo().run("true", { onLine, signal: interrupt.signal });
    const failed = expect(run).rejects.toThrow("interrupted by SIGINT");
    await begun;
    interrupt.abort(new Error("interrupted by SIGINT"));
    await failed;
  });

  test("when it had ended before", async () => {
    const { onLine, begun } = sshWithHolder();
    const interrupt = new AbortController();
    const run = connectionToFoo().run("true", { onLine, signal: interrupt.signal });
    const failed = expect(run).rejects.toThrow("interrupted by SIGINT");
    const held = await begun;
    const ssh = parentOf(held);
    process.kill(ssh);
    await vi.waitUntil(() => parentOf(held) !== ssh);
    interrupt.abort(new Error("interrupted by SIGINT"));
    await failed;
  });

  test("when its stream is closed, or interrupted", async () => {
    for (const how of ["closed", "interrupted"]) {
      const { onLine } = sshWithHolder();
      const interrupt = new AbortController();
      const transport = await connectionToFoo().stream("true", interrupt.signal);
      for await (const text of transport.input) {
        onLine(String(text));
        break;
      }
      if (how === "closed") await transport.close();
      else interrupt.abort(new Error("interrupted by SIGINT"));
      const why = await transport.failure();
      if (how === "interrupted") expect(why?.message).toBe("interrupted by SIGINT");
    }
  });
});

/** By proc(5): the field behind the name, which is in parentheses, and the state. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(/.*\) \S (\d+)/.exec(stat)?.[1]);
}
