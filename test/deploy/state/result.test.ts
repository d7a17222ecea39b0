import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StateError } from "../../../src/deploy/state/directory.ts";
import { readResult, writeResult } from "../../../src/deploy/state/result.ts";
import type { EvaluatedNode } from "../../../src/fleet/evaluated.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";
import { trivialNetwork } from "../trivial-system.ts";

const network = trivialNetwork("new", {}, { name: "foo", host: "root@foo.example.com" });
const [node] = network.nodes as [EvaluatedNode];

test("carries what was built, from where it was built, and is a program", () => {
  using scratch = scratchDirectory();
  const path = join(scratch.path, "result");
  const derivation = { type: "derivation", derivation: "/nix/store/x.drv", output: "out" } as const;
  const built = { ...node, name: "bar", source: derivation, closure: [] };
  writeResult(
    path,
    network,
    [
      { node, place: { type: "local" } },
      { node: built, place: { type: "builder", destination: "me@builder" } },
    ],
    ["/bin/echo", "/bin/sh"],
  );
  const read = readResult(path);
  expect(read.nodes.map(({ name, source, buildOn }) => [name, source.type, buildOn])).toEqual([
    ["foo", "memory", "local"],
    ["bar", "store", "me@builder"],
  ]);
  expect(read.objects).toEqual(network.objects);
  expect(statSync(path).mode & 0o777).toBe(0o755);
  const { stdout } = spawnSync(path, ["--dry-run", "a b"], { encoding: "utf8" });
  expect(stdout).toBe(`/bin/sh deploy --built ${path} --dry-run a b\n`);
});

test("without the program that made it, one in PATH is used, or it is said that there is none", () => {
  using scratch = scratchDirectory();
  const path = join(scratch.path, "result");
  writeResult(path, network, [{ node, place: { type: "local" } }], ["/nowhere/node", "/nowhere/main.js"]);
  const run = (PATH: string) => spawnSync(path, [], { encoding: "utf8", env: { PATH } });
  expect(run("/nowhere")).toMatchObject({ status: 127, stderr: expect.stringContaining("no nixus in PATH") });
  writeFileSync(join(scratch.path, "nixus"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  expect(run(scratch.path).stdout).toBe(`deploy --built ${path}\n`);
});

test("what is no such script, or a damaged one, is refused", () => {
  using scratch = scratchDirectory();
  const path = join(scratch.path, "result");
  writeFileSync(path, "#!/bin/sh\n");
  expect(() => readResult(path)).toThrow("was not made by 'nixus build'");
  writeResult(path, network, [{ node, place: { type: "local" } }], ["a", "b"]);
  writeFileSync(path, readFileSync(path).subarray(0, -300));
  expect(() => readResult(path)).toThrow(StateError);
  expect(() => readResult(join(scratch.path, "none"))).toThrow(StateError);
});
