/** How failures that concern no machine are told: to people, and as events. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import { Program } from "./program.ts";

let program: Program;
beforeAll(async () => {
  program = await Program.create();
  program.write("throws.nix", `{ nodes = throw "ups"; }`);
  program.write(
    "broken.nix",
    `{
      defaults.platform = "linux";
      nodes.foo = { host = "root@foo.invalid"; configuration.environment.etc.motd.txt = ""; };
      nodes.bar.host = "root@bar.invalid";
    }`,
  );
  program.provide("ssh", "#!/bin/sh\nexit 255\n");
});
afterAll(() => program[Symbol.dispose]());

describe.each(["deploy", "diff", "build", "rollback"])("nixus %s --json", (command) => {
  test("has the failure of the whole command as its last event", async () => {
    const { status, stdout, stderr } = await program.nixus([command, "--json", "-f", "throws.nix"]);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    expect(events.at(-1)).toMatchObject({
      type: "command-failed",
      message: expect.stringMatching(/^(?!error:).*error: ups$/s),
    });
    expect(stderr).toMatch(/error: ups\n$/);
    expect(status).toBe(1);
  });
});

test.each(["deploy", "diff"])("nixus %s says once that something is an error", async (command) => {
  const { status, stdout } = await program.nixus([command, "-f", "broken.nix"]);
  expect(stdout).toMatch(/error: (node 'foo': )?… while evaluating the option/);
  expect(stdout).toContain("environment.etc.motd.txt' does not exist");
  expect(status).toBe(1);
});

describe("a place that is not as it should be", () => {
  test("the current directory is gone", async () => {
    const { status, stderr } = await program.shell("mkdir gone && cd gone && rmdir ../gone && $NIXUS status");
    expect(stderr).toBe("error: the current directory is not there any more; change to another one\n");
    expect(status).toBe(1);
  });

  test("there is no ssh", async () => {
    const { status, stderr } = await program.nixus(["ssh", "-f", "broken.nix", "bar"], {
      env: { PATH: "/nonexistent" },
    });
    expect(stderr).toBe("error: there is no ssh here; install the OpenSSH client\n");
    expect(status).toBe(1);
  });

  test("there is no sshd to ask for its keys, which is said once for all kinds of them", async () => {
    using other = await Program.create();
    other.write("default.nix", `{ nodes.foo = { host = "root@foo.invalid"; platform = "linux"; }; }`);
    other.provide("ssh", "#!/bin/sh\necho hostname foo.invalid\n");
    other.provide(
      "ssh-keyscan",
      "#!/bin/sh\nfor _ in 1 2 3; do echo 'foo.invalid: no such name' >&2; done\nexit 1\n",
    );
    const { status, stderr } = await other.nixus(["ssh-keys", "scan", "foo"]);
    expect(stderr).toBe(
      "error: got no host keys of 'foo' from 'foo.invalid': foo.invalid: no such name; is it on, and does sshd answer there?\n",
    );
    expect(status).toBe(1);
  });

  test("what can't be remembered is said once", async () => {
    const env = { XDG_STATE_HOME: "/proc/nowhere" };
    const { stderr } = await program.nixus(["deploy", "-f", "broken.nix", "bar"], { env });
    expect(stderr.match(/can't be written/g)).toHaveLength(1);
  });
});

describe("without secrets", () => {
  test.each([
    ["list", "the network has no secrets\n"],
    ["check", "the network has no secrets\n"],
    ["who-can-read", "the network has no secrets\n"],
    ["update", "nixus.lock is up to date\n"],
    ["rotate --key", "the network has no secrets\n"],
    ["generate", "the network has no secrets\n"],
  ])("nixus secrets %s needs no key", async (words, said) => {
    program.write("default.nix", '{ nodes.foo = { platform = "linux"; }; }');
    const { status, stdout, stderr } = await program.nixus(["secrets", ...words.split(" ")]);
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said });
  });
});
