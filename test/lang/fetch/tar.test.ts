import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extractTar } from "../../../src/lang/fetch/tar.ts";
import { StoreError } from "../../../src/store/errors.ts";
import { narBytes } from "../../../src/store/nar.ts";
import { readTree } from "../../../src/store/read-tree.ts";
import type { TreeNode } from "../../../src/store/tree.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";
import { type Entry, hasProgram, paxRecord, tar } from "./archives.ts";

/** The tree that an archive holds. */
function extract(archive: Uint8Array): TreeNode {
  using scratch = scratchDirectory();
  writeFileSync(join(scratch.path, "archive"), archive);
  extractTar(`${scratch.path}/archive`, `${scratch.path}/tree`, "it");
  return readTree(`${scratch.path}/tree`);
}

function names(node: TreeNode): unknown {
  switch (node.type) {
    case "regular":
      return `${node.executable ? "x:" : ""}${Buffer.from(node.contents as Uint8Array).toString("latin1")}`;
    case "symlink":
      return { to: node.target };
    case "directory":
      return Object.fromEntries([...node.entries].map(([name, entry]) => [name, names(entry)]));
  }
}

test("files, directories, links, executables, and parents that are not mentioned", () => {
  expect(
    names(
      extract(
        tar([
          { name: "pax_global_header", type: "g", contents: paxRecord("comment", "commit") },
          { name: "a/b/c", contents: "deep" },
          { name: "./dir/", type: "5" },
          { name: "run", contents: "#!", mode: 0o755 },
          { name: "link", type: "2", target: "a/b" },
          { name: "hard", type: "1", target: "a/b/c" },
          { name: "old-dir/" },
          { name: "a/b/c2", contents: "first" },
          { name: "a/b/c2", contents: "second" },
          { name: "\xff\xfe", contents: "bytes" },
        ]),
      ),
    ),
  ).toEqual({
    a: { b: { c: "deep", c2: "second" } },
    dir: {},
    run: "x:#!",
    link: { to: "a/b" },
    hard: "deep",
    "old-dir": {},
    "\xff\xfe": "bytes",
  });
});

test("long names, of pax and of GNU", () => {
  const long = `${"d".repeat(90)}/${"n".repeat(120)}`;
  const pax = tar([
    { name: "x", type: "x", contents: paxRecord("path", long) + paxRecord("mtime", "1.5") },
    { name: "short", contents: "pax" },
    { name: "x", type: "x", contents: paxRecord("linkpath", long) },
    { name: "link", type: "2", target: "short" },
    { name: "next", contents: "plain" },
  ]);
  expect(names(extract(pax))).toEqual({
    ["d".repeat(90)]: { ["n".repeat(120)]: "pax" },
    link: { to: long },
    next: "plain",
  });
  const gnu = tar([
    { name: "././@LongLink", type: "L", contents: `${long}\0` },
    { name: "short", contents: "gnu" },
    { name: "././@LongLink", type: "K", contents: `${long}\0` },
    { name: "link", type: "2", target: "short" },
  ]);
  expect(names(extract(gnu))).toEqual({
    ["d".repeat(90)]: { ["n".repeat(120)]: "gnu" },
    link: { to: long },
  });
});

test.each<[why: string, entries: readonly Entry[], message: string]>([
  ["climbs out", [{ name: "../evil" }], "'../evil' leads out of the archive"],
  ["climbs out in the middle", [{ name: "a/../../evil" }], "leads out of the archive"],
  [
    "writes through its own link",
    [
      { name: "a", type: "2", target: "/tmp" },
      { name: "a/evil", contents: "x" },
    ],
    "'a' is no directory, but has entries",
  ],
  ["links hard to what is outside", [{ name: "a", type: "1", target: "../../etc/passwd" }], "leads out"],
  [
    "links hard through its own link",
    [
      { name: "a", type: "2", target: "/etc" },
      { name: "b", type: "1", target: "a/passwd" },
    ],
    "'a' is no directory, but has entries",
  ],
  ["holds a device", [{ name: "null", type: "3" }], "'null' is of type '3', which a store can't hold"],
  ["has an entry without a name", [{ name: "./", type: "0" }, { name: "." }], "an entry has no name"],
])("refuses an archive that %s", (_, entries, message) => {
  using scratch = scratchDirectory();
  writeFileSync(join(scratch.path, "archive"), tar(entries));
  expect(() => extractTar(`${scratch.path}/archive`, `${scratch.path}/tree`, "it")).toThrow(message);
  expect(readdirSync(scratch.path).sort()).toEqual(["archive", "tree"]);
  expect(existsSync("/tmp/evil")).toBe(false);
});

test("what is damaged is refused, or is another archive, and never anything else", () => {
  const archive = tar([
    { name: "a/b", contents: "contents" },
    { name: "link", type: "2", target: "a" },
  ]);
  expect(() => extract(archive.subarray(0, 700))).toThrow("it is truncated");
  expect(() => extract(Buffer.from("not an archive".repeat(100)))).toThrow("it is not a tar archive");
  fc.assert(
    fc.property(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(archive);
      damaged[at]! ^= change;
      try {
        extract(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreError);
      }
    }),
    { numRuns: 60 },
  );
});

describe.skipIf(!hasProgram("tar"))("archives of the installed tar", () => {
  test.each(["ustar", "pax", "gnu", "oldgnu", "v7"])("%s", (format) => {
    using scratch = scratchDirectory();
    const root = join(scratch.path, "root");
    mkdirSync(join(root, "dir", "empty"), { recursive: true });
    writeFileSync(join(root, "dir", "run"), "x");
    chmodSync(join(root, "dir", "run"), 0o755);
    linkSync(join(root, "dir", "run"), join(root, "hard"));
    symlinkSync("dir/run", join(root, "link"));
    writeFileSync(join(root, "large"), Buffer.alloc(700_001, "large"));
    if (format !== "v7" && format !== "ustar") writeFileSync(join(root, "n".repeat(150)), "long name");
    const archive = join(scratch.path, "archive");
    expect(spawnSync("tar", ["-C", root, `--format=${format}`, "-cf", archive, "."]).status).toBe(0);
    extractTar(archive, `${scratch.path}/tree`, "it");
    expect(narBytes(readTree(`${scratch.path}/tree`)).equals(narBytes(readTree(root)))).toBe(true);
  });
});
