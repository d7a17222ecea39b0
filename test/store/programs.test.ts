/** Programs that can't be started, for whoever needs them, and those that can. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { UserError } from "../../src/cli/errors.ts";
import { LocalStore } from "../../src/cli/instantiate/local-store.ts";
import { LocalStoreError } from "../../src/cli/instantiate/local-store-error.ts";
import { editContent } from "../../src/cli/secrets/edit.ts";
import { decrypt } from "../../src/deploy/secrets/age/age.ts";
import { SecretError } from "../../src/deploy/secrets/errors.ts";
import { readSource } from "../../src/deploy/secrets/sources.ts";
import { HostKeyError, scanHostKeys } from "../../src/deploy/ssh/host-keys.ts";
import { run, StartError } from "../../src/store/programs.ts";
import { scratchDirectory } from "./installed-nix.ts";
import { withNoMoreFiles } from "./no-more-files.ts";

const identities = { own: [], forProgram: ["key"], files: ["key"], recipient: async () => undefined };
const context = { env: {}, identities: () => identities };
const tooLong = "x".repeat(4 * 1024 * 1024);

/** By what they do, who starts programs, as a failure of which kind it is told, and what it says where there is none. */
const starters = [
  {
    what: "a secret's command",
    start: (argument: string) =>
      readSource({ type: "command", command: ["cat", argument], directory: "/" }, context),
    type: SecretError,
    absent: "the program 'cat' is not there; install it",
  },
  {
    what: "age",
    start: (argument: string) =>
      decrypt(Buffer.from("file"), { ...identities, forProgram: [argument] }, "'x'"),
    type: SecretError,
    absent: "'x' cannot be decrypted: the key needs the program age",
  },
  {
    what: "a scan of host keys",
    start: (argument: string) => scanHostKeys("root@foo", { User: argument }),
    type: HostKeyError,
    absent: "there is no ssh here; install the OpenSSH client",
  },
  {
    what: "nix-store",
    start: (argument: string) => new LocalStore({ uri: undefined, env: process.env }).build(argument),
    type: LocalStoreError,
    absent: "there is no Nix on this machine",
  },
];

describe.each(starters)("$what that can't be started is a failure of its own", ({ start, type, absent }) => {
  const refusal = (message: RegExp) =>
    expect.objectContaining({ constructor: type, message: expect.stringMatching(message) });

  test("where there is none", async () => {
    using nothing = scratchDirectory();
    vi.stubEnv("PATH", nothing.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(start("x")).rejects.toEqual(refusal(new RegExp(`^${absent}`)));
  });

  test("for arguments that are too long", async () => {
    await expect(start(tooLong)).rejects.toEqual(refusal(/could not be started: .* too long \(.*E2BIG\)$/));
  });

  test("while too many files are open", async () => {
    const expected = refusal(/could not be started: too many files are open \(.*EMFILE\); raise 'ulimit -n'/);
    await withNoMoreFiles(async () => await expect(start("x")).rejects.toEqual(expected));
  });
});

test("an editor that can't be started is told, and changes nothing", async () => {
  using scratch = scratchDirectory();
  vi.stubEnv("XDG_RUNTIME_DIR", scratch.path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const refusal = expect.objectContaining({
    constructor: UserError,
    message: expect.stringMatching(/^\/bin\/sh could not be started: .*E2BIG.*; nothing was changed$/),
  });
  await expect(editContent(Buffer.from("x"), "key", { EDITOR: tooLong })).rejects.toEqual(refusal);
});

describe("a program that runs", () => {
  const sh = (script: string, options = {}) => run("sh", ["-c", script], options);

  test("is told as it ended, with what it has printed", async () => {
    const ended = await sh("cat; echo complaint >&2; exit 3", { input: Buffer.from([0, 255]) });
    expect(ended).toEqual({
      ...{ exitCode: 3, signal: null, tooLong: false },
      ...{ stdout: Buffer.from([0, 255]), stderr: Buffer.from("complaint\n") },
    });
    expect(await sh("kill -9 $$")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
    expect((await sh("echo x >&2", { quiet: true })).stderr).toHaveLength(0);
  });

  test("need not read what it is given", async () => {
    expect(await sh("exec <&-; echo done", { input: Buffer.alloc(1024 * 1024) })).toMatchObject({
      exitCode: 0,
    });
  });

  test("is ended when it prints more than it may", async () => {
    expect(await sh("yes", { longest: 100 })).toMatchObject({ tooLong: true });
    expect(await sh("printf 12345", { longest: 5 })).toMatchObject({ tooLong: false, exitCode: 0 });
  });

  test("has no directory that is not there", async () => {
    using scratch = scratchDirectory();
    const cwd = join(scratch.path, "here");
    await expect(sh("pwd", { cwd })).rejects.toThrow(StartError);
    mkdirSync(cwd);
    expect((await sh("pwd", { cwd })).stdout.toString()).toBe(`${cwd}\n`);
  });
});
