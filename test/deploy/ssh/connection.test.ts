/** What becomes of an ssh that can't be started, and of commands whose output nobody can make sense of. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ConnectionError } from "../../../src/deploy/errors.ts";
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
