/** What shells complete: commands, flags, and names of nodes. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { project } from "../../scripts/setup/project.mjs";
import { Program } from "./program.ts";

let program: Program;
beforeAll(async () => {
  program = await Program.create();
  program.write(
    "default.nix",
    `{ defaults.platform = "linux"; nodes = { foo = { }; fob = { }; bar = { }; }; }`,
  );
  program.write("other.nix", `{ defaults.platform = "linux"; nodes.fox = { }; }`);
  program.write("broken.nix", `{ nodes = throw "ups"; }`);
  program.provide(
    "nixus",
    `#!/bin/sh\nexec '${process.execPath}' '${join(project, "dist/cli/main.js")}' "$@"\n`,
  );
});
afterAll(() => program[Symbol.dispose]());

test.each([
  ["dep", ["deploy"]],
  ["__", []],
  ["secrets r", ["rotate"]],
  ["deploy --dr", ["--dry-run"]],
  ["deploy --show", ["--show-trace"]],
  ["deploy fo", ["fob", "foo"]],
  ["deploy bar fo", ["fob", "foo"]],
  ["status fo", ["fob", "foo"]],
  ["build --on fo", ["fob", "foo"]],
  ["ssh fo", ["fob", "foo"]],
  ["ssh-keys scan fo", ["fob", "foo"]],
  ["deploy -f other.nix fo", ["fox"]],
  ["deploy -f broken.nix fo", []],
  ["deploy -f ", []],
  ["graph ssh --format d", ["dot"]],
])("nixus %s", async (words, proposals) => {
  const { status, stdout, stderr } = await program.nixus(["__complete", "--", ...words.split(" ")]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout.split("\n").filter((line) => line !== "")).toEqual(proposals);
});

test("the script of bash", async () => {
  const complete = (line: string) => `
    COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _nixus; echo "\${COMPREPLY[@]}"`;
  const script = `source <(nixus completion bash)${complete("nixus deploy ba")}${complete("nixus secrets ")}`;
  const { stdout, stderr } = await program.run(["bash", "-c", script]);
  expect(stderr).toBe("");
  expect(stdout).toBe("bar\ncheck edit generate list rotate update who-can-read\n");
});
