import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeDirectory } from "../../src/store/make-directory.ts";
import { scratchDirectory } from "./installed-nix.ts";

function scratch(): string {
  const directory = scratchDirectory();
  onTestFinished(() => directory[Symbol.dispose]());
  return directory.path;
}

test("makes a directory with those that it lies in, each with the mode", () => {
  const base = scratch();
  makeDirectory(join(base, "a/b/c"), 0o700);
  makeDirectory(join(base, "a/b/c"));
  makeDirectory(join(base, "a/b/d/"));
  for (const path of ["a", "a/b", "a/b/c"]) expect(statSync(join(base, path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(base, "a/b"))).toEqual(["c", "d"]);
});

test("takes a path that is no text", () => {
  const base = scratch();
  makeDirectory(Buffer.concat([Buffer.from(`${base}/`), Buffer.from([0xff, 0x2f, 0xfe])]));
  expect(readdirSync(base, { encoding: "buffer" })).toEqual([Buffer.from([0xff])]);
});

test("takes a link to a directory for one", () => {
  const base = scratch();
  makeDirectory(join(base, "there"));
  symlinkSync("there", join(base, "link"));
  makeDirectory(join(base, "link/new"));
  expect(readdirSync(join(base, "there"))).toEqual(["new"]);
});

test("fails where none can be", () => {
  const base = scratch();
  writeFileSync(join(base, "file"), "");
  symlinkSync("nowhere", join(base, "dangling"));
  for (const [path, code] of [
    ["file", "EEXIST"],
    ["file/new", "ENOTDIR"],
    ["dangling/new", "EEXIST"],
    ["/proc/1/nobody", "ENOENT"],
    ["/proc/1/nobody/new/new", "ENOENT"],
  ] as const) {
    expect(() => makeDirectory(path.startsWith("/") ? path : join(base, path))).toThrow(
      expect.objectContaining({ code }),
    );
  }
});

test("all of the program makes directories with it", () => {
  const sources = join(import.meta.dirname, "../../src");
  const others = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .filter((name) => /\bmkdir(Sync)?\([^;]*recursive: true/.test(readFileSync(join(sources, name), "utf8")));
  expect(others).toEqual([]);
});
