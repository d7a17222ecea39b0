import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StoreError } from "../../src/store/errors.ts";
import type { TreeNode } from "../../src/store/tree.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { scratchDirectory } from "./installed-nix.ts";

const file = (text: string): TreeNode => ({
  type: "regular",
  executable: false,
  contents: Buffer.from(text),
});
const link = (target: string): TreeNode => ({ type: "symlink", target });
const directory = (entries: Record<string, TreeNode>): TreeNode => ({
  type: "directory",
  entries: new Map(Object.entries(entries)),
});

test("finds files in held objects, through links and across objects", () => {
  const store = new VirtualStore();
  const first = store.addTree("first", directory({ sub: directory({ file: file("1") }) }));
  const second = store.addTree(
    "second",
    directory({
      other: link(`${first}/sub`),
      relative: link("dir/../other"),
      dir: directory({}),
      loop: link("loop"),
      host: link("/etc"),
    }),
  );
  expect(store.locate(`${first}/sub/file`)).toEqual({ type: "held", node: file("1") });
  expect(store.locate(`${second}/other/file`)).toEqual({ type: "held", node: file("1") });
  expect(store.locate(`${second}/relative/file`)).toEqual({ type: "held", node: file("1") });
  expect(store.locate(`${second}/other`)).toEqual({ type: "held", node: link(`${first}/sub`) });
  expect(store.locate(`${second}/host/passwd`)).toEqual({ type: "outside", path: "/etc/passwd" });
  expect(store.locate(`${first}/sub/missing`)).toEqual({ type: "missing" });
  expect(store.locate(`${first}/sub/file/x`)).toEqual({ type: "missing" });
  expect(store.locate("/nix/store")).toEqual({ type: "outside", path: "/nix/store" });
  expect(() => store.locate(`${second}/loop/x`)).toThrow(
    new StoreError(`infinite symlink recursion in path '${second}/loop/x'`),
  );
});

test("reads a path once under one name, whatever becomes of it", () => {
  using scratch = scratchDirectory();
  const source = join(scratch.path, "source");
  writeFileSync(source, "before");
  const store = new VirtualStore();
  const path = store.addPath("source", source);
  writeFileSync(source, "after");
  expect(store.addPath("source", source)).toBe(path);
  expect(new VirtualStore().addPath("source", source)).not.toBe(path);
  expect(store.addPath("another", source)).not.toBe(path);
});

test("copies what a filter lets through, of a directory and of a held object alike", () => {
  using scratch = scratchDirectory();
  const source = join(scratch.path, "source");
  mkdirSync(join(source, "skipped"), { recursive: true });
  writeFileSync(join(source, "skipped", "never-asked"), "");
  writeFileSync(join(source, "kept"), "kept");
  symlinkSync("kept", join(source, "link"));
  const store = new VirtualStore();
  const asked: string[] = [];
  const filter = (path: string, type: string) => {
    asked.push(`${path.slice(path.lastIndexOf("/") + 1)}: ${type}`);
    return type !== "directory";
  };
  const whole = store.addPath("source", source);
  const filtered = store.addPath("filtered", source, filter);
  expect(asked).toEqual(["kept: regular", "link: symlink", "skipped: directory"]);
  expect(store.get(filtered)?.tree).toEqual(directory({ kept: file("kept"), link: link("kept") }));
  expect(store.addPath("filtered", whole, filter)).toBe(filtered);
});

test("refuses to hash a directory as a flat file, and bad names", () => {
  const store = new VirtualStore();
  expect(() => store.addFlatFile("x", "/")).toThrow(
    new StoreError("cannot hash '/' since it is not a regular file"),
  );
  expect(() => store.addText("a/b", Buffer.from(""), [])).toThrow(
    new StoreError("name 'a/b' contains illegal character '/'"),
  );
});
