/** Command lines that mean nothing, or two things at once: one message, nothing done, status 2. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Program } from "./program.ts";

let program: Program;
beforeAll(async () => {
  program = await Program.create();
  program.write(
    "default.nix",
    `{
      nodes.foo = { host = "root@foo.invalid"; platform = "linux"; };
      nodes.bar = { host = null; platform = "linux"; };
    }`,
  );
  await program.nixus(["build"]);
});
afterAll(() => program[Symbol.dispose]());

describe("what can't be read", () => {
  test.each([
    ["deploi", "there is no command 'deploi'; did you mean 'deploy'?", "nixus"],
    ["foo", "there is no command 'foo'", "nixus"],
    ["-f x deploy", "'-f' stands in front of a command; flags stand behind it", "nixus"],
    ["secrets -f x list", "'-f' stands in front of a command; flags stand behind it", "nixus secrets"],
    ["secrets foo", "there is no command 'secrets foo'", "nixus secrets"],
    ["secrets lst", "there is no command 'secrets lst'; did you mean 'secrets list'?", "nixus secrets"],
    ["deploy --nosuch", "there is no flag --nosuch", "nixus deploy"],
    ["deploy --dryrun", "there is no flag --dryrun; did you mean --dry-run?", "nixus deploy"],
    ["deploy -z", "there is no flag -z", "nixus deploy"],
    ["deploy --parallel 0", "--parallel: '0' is not a whole number above 0", "nixus deploy"],
    ["deploy --json=maybe", "--json: 'maybe' is neither true nor false", "nixus deploy"],
    ["deploy --file", "--file needs a value", "nixus deploy"],
    ["deploy --file --json", "--file needs a value", "nixus deploy"],
    ["deploy -f a -f b", "--file is given twice: 'a' and 'b'", "nixus deploy"],
    ["graph ssh --format gif", "--format: 'gif' is none of text, dot, svg", "nixus graph ssh"],
    ["eval", "an argument is missing: attrpath", "nixus eval"],
    ["eval a b", "one argument too many: 'b'", "nixus eval"],
    ["exec", "no command; write e.g. nixus exec --on @web -- uptime", "nixus exec"],
    ["ssh", "which machine? Write nixus ssh NODE", "nixus ssh"],
  ])("nixus %s", async (words, message, command) => {
    const { status, stdout, stderr } = await program.nixus(words.split(" "));
    expect(stderr).toBe(`error: ${message}\nTry '${command} --help' for more information.\n`);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});

test.each(["", "deploy", "secrets list", "repl"])("nixus help %s", async (command) => {
  const words = command.split(" ").filter((word) => word !== "");
  const { status, stdout } = await program.nixus(["help", ...words]);
  expect(stdout).toBe((await program.nixus([...words, "--help"])).stdout);
  expect(stdout).toMatch(/usage/i);
  expect(status).toBe(0);
});

describe("what contradicts itself", () => {
  test.each([
    ["deploy --built ./result -f .", /--built .* --file/],
    ["deploy --built ./result --resume", /--built .* --resume/],
    ["options --json --markdown", /--json .* --markdown/],
    ["build . -f .", /named twice/],
  ])("nixus %s", async (words, message) => {
    const { status, stdout, stderr } = await program.nixus(words.split(" "));
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});

describe("nodes", () => {
  test("a node without a host is no success of a ./result", async () => {
    const { status, stderr } = await program.shell("./result bar");
    expect(stderr).toBe("error: there is nothing to deploy: node 'bar' has no host\n");
    expect(status).toBe(1);
  });

  test.each(["deploy", "diff", "status"])("nixus %s says when all nodes are left out", async (command) => {
    const { status, stderr } = await program.nixus([command, "!foo", "!bar"]);
    expect(stderr).toMatch(/^error: .*no node is left\b.*\n$/);
    expect(status).toBe(1);
  });

  test("a node that is taken for a network file is told how to build it", async () => {
    const { status, stderr } = await program.nixus(["build", "foo"]);
    expect(stderr).toBe(
      "error: network file 'foo' does not exist; to build only some nodes write nixus build --on NODE\n",
    );
    expect(status).toBe(1);
  });
});
