import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../src/store/errors.ts";
import { exportSize, exportStream } from "../../src/store/export.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { hasNix, runNix, scratchDirectory } from "./installed-nix.ts";

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return Buffer.concat(collected);
}

/** A store with three objects, one of which holds a large file of `directory`. */
function someStore(directory: string): { store: VirtualStore; system: string; paths: string[] } {
  const large = join(directory, "large");
  writeFileSync(large, Buffer.alloc(1_000_003, "large"));
  const store = new VirtualStore();
  const data = store.addPath("data", large);
  const script = store.addText("script", Buffer.from(`#!/bin/sh\ncat ${data}\n`), [data]);
  const system = store.addTree(
    "system",
    {
      type: "directory",
      entries: new Map([
        ["run", { type: "symlink", target: script }],
        ["data", { type: "symlink", target: data }],
        ["hook", { type: "regular", executable: true, contents: Buffer.from("#!/bin/sh\n") }],
      ]),
    },
    [script, data, script],
  );
  return { store, system, paths: [data, script, system] };
}

test("the stream has the announced size and refuses contents that have changed", async () => {
  using scratch = scratchDirectory();
  const { store, system, paths } = someStore(scratch.path);
  const objects = store.closure([system]);
  expect(objects.map((object) => object.path)).toEqual(paths);
  expect((await collect(exportStream(objects))).length).toBe(exportSize(objects));
  writeFileSync(join(scratch.path, "large"), Buffer.alloc(1_000_003, "other"));
  await expect(collect(exportStream(objects))).rejects.toThrow(
    `hash of path '${paths[0]}' has changed from 'sha256:`,
  );
});

test("objects survive structured cloning", () => {
  using scratch = scratchDirectory();
  const { store, system } = someStore(scratch.path);
  const objects = store.closure([system]);
  expect(structuredClone(objects).map(({ path, narSize }) => [path, narSize])).toEqual(
    objects.map(({ path, narSize }) => [path, narSize]),
  );
});

test("a closure names what is not there", () => {
  const store = new VirtualStore();
  const missing = "/nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-missing";
  const path = store.addText("x", Buffer.from(missing), [missing]);
  expect(() => store.closure([path])).toThrow(
    new StoreError(`store path '${missing}', which '${path}' refers to, was not made by this evaluation`),
  );
});

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("the stream is imported, verified, and exported again to the same bytes", async () => {
    using scratch = scratchDirectory();
    const { store, system, paths } = someStore(scratch.path);
    const stream = await collect(exportStream(store.closure([system])));
    const nix = (args: readonly string[], input?: Buffer) => runNix(scratch.path, "nix-store", args, input);
    const imported = nix(["--import"], stream).toString().trim().split("\n");
    expect(imported).toEqual(paths);
    nix(["--verify-path", ...paths]);
    expect(nix(["--query", "--references", system]).toString().trim().split("\n").sort()).toEqual(
      paths.slice(0, 2).sort(),
    );
    expect(existsSync(join(scratch.path, system, "hook"))).toBe(true);
    expect(readFileSync(join(scratch.path, paths[1]!), "utf8")).toContain(paths[0]);
    expect(nix(["--export", ...paths]).equals(stream)).toBe(true);
  });
});
