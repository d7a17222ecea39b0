/** What `nixus build` prints for programs. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApplication, run } from "@stricli/core";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { buildCommand } from "../../src/cli/commands/build.ts";
import { trivialNetwork } from "../deploy/trivial-system.ts";

vi.mock("../../src/cli/evaluation/client.ts", () => ({
  evaluate: async () => ({ network: trivialNetwork("new", {}, { name: "foo", host: "root@foo" }) }),
}));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nixus-build-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "network.nix"), "{ }");
});

async function build(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const fake = {
    ...{ stdout: stream("stdout"), stderr: stream("stderr"), env: {}, cwd: () => directory },
    ...{ on: () => {}, off: () => {}, execPath: "/node", argv: ["/node", "/nixus"] },
  } as unknown as NodeJS.Process;
  const app = buildApplication(buildCommand, {
    name: "nixus",
    scanner: { caseStyle: "allow-kebab-for-camel" },
  });
  await run(app, args, { process: fake as never });
  return printed;
}

test("with --json, standard output is events and nothing else", async () => {
  const events = async (...args: string[]) => {
    const { stdout, stderr } = await build("--json", ...args);
    expect(stderr).toBe("");
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
  };
  expect(await events("--dry-run")).toMatchObject([
    { type: "planned", node: "foo", steps: [expect.stringMatching(/^build \/nix\/store\//)] },
  ]);
  expect(existsSync(join(directory, "result"))).toBe(false);
  expect(await events()).toMatchObject([{ type: "result", path: join(directory, "result") }]);
});

test("a file of somebody else that is in the way is left alone, a result of before and nix-build's link are not", async () => {
  const result = join(directory, "result");
  writeFileSync(result, "mine\n");
  expect((await build()).stderr).toContain(`'${result}' is in the way`);
  expect(readFileSync(result, "utf8")).toBe("mine\n");
  rmSync(result);
  symlinkSync("/nix/store/x", result);
  for (const _ of ["the link", "what the first time has left"]) {
    expect(await build()).toEqual({ stdout: `${result}\n`, stderr: "" });
  }
});

test("for people it is the path of what was built", async () => {
  expect(await build()).toEqual({ stdout: `${join(directory, "result")}\n`, stderr: "" });
  expect((await build("--dry-run")).stdout).toMatch(/^foo \/nix\/store\/\S+\n$/);
});
