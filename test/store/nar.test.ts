import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../src/store/errors.ts";
import { fsPath } from "../../src/store/file-chunks.ts";
import { hashNar, narBytes, narChunks, narChunksSync, parseNar } from "../../src/store/nar.ts";
import { readTree } from "../../src/store/read-tree.ts";
import type { TreeNode } from "../../src/store/tree.ts";
import { hasNix, runNix, scratchDirectory } from "./installed-nix.ts";
import { tree } from "./trees.ts";

/** Directories compare as sorted lists: the order of a map's entries means nothing. */
function canonical(node: TreeNode): unknown {
  switch (node.type) {
    case "regular":
      return { ...node, contents: node.contents instanceof Uint8Array ? [...node.contents] : node.contents };
    case "symlink":
      return node;
    case "directory":
      return [...node.entries].sort().map(([name, entry]) => [name, canonical(entry)]);
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

test("any tree comes back from its archive", () => {
  fc.assert(
    fc.property(tree, (node) => {
      const bytes = narBytes(node);
      expect(canonical(parseNar(bytes))).toEqual(canonical(node));
      expect(hashNar(node).size).toBe(bytes.length);
    }),
  );
});

test("a damaged archive is refused, never misread as another tree", () => {
  fc.assert(
    fc.property(tree, fc.nat(), fc.integer({ min: 1, max: 255 }), (node, at, change) => {
      const bytes = narBytes(node);
      bytes[at % bytes.length]! ^= change;
      try {
        expect(narBytes(parseNar(bytes))).toEqual(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreError);
      }
    }),
  );
});

test("a truncated archive is refused", () => {
  const bytes = narBytes({ type: "regular", executable: true, contents: Buffer.from("hello") });
  for (let size = 0; size < bytes.length; size++) {
    expect(() => parseNar(bytes.subarray(0, size))).toThrow(StoreError);
  }
  expect(() => parseNar(Buffer.concat([bytes, Buffer.alloc(8)]))).toThrow(StoreError);
});

test("a large file is read in chunks, and noticed when it changes size", async () => {
  using scratch = scratchDirectory();
  const path = join(scratch.path, "large");
  const contents = Buffer.alloc(3_000_001, "0123456789");
  writeFileSync(path, contents);
  const node = readTree(path);
  expect(node).toEqual({
    type: "regular",
    executable: false,
    contents: { sourcePath: path, size: 3_000_001 },
  });
  const inMemory: TreeNode = { type: "regular", executable: false, contents };
  expect(hashNar(node)).toEqual(hashNar(inMemory));
  const chunks = await collect(narChunks(node));
  expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(256 * 1024);
  expect(Buffer.concat(chunks).equals(narBytes(inMemory))).toBe(true);
  for (const changed of [contents.subarray(1), Buffer.concat([contents, contents])]) {
    writeFileSync(path, changed);
    expect(() => [...narChunksSync(node)]).toThrow(StoreError);
    await expect(collect(narChunks(node))).rejects.toThrow(StoreError);
  }
});

test("unreadable and unstorable things are named", () => {
  expect(() => readTree("/nonexistent/x")).toThrow(new StoreError("path '/nonexistent/x' does not exist"));
  expect(() => readTree("/dev/null")).toThrow(new StoreError("file '/dev/null' has an unsupported type"));
});

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("archives a directory with links, executables, odd names and a large file", () => {
    using scratch = scratchDirectory();
    const root = join(scratch.path, "tree");
    mkdirSync(join(root, "empty"), { recursive: true });
    mkdirSync(join(root, "Z", "nested"), { recursive: true });
    writeFileSync(join(root, "a-b"), "x");
    writeFileSync(join(root, "a"), "");
    writeFileSync(join(root, "a.b"), "1234567");
    writeFileSync(join(root, "Z", "nested", "run"), "12345678");
    writeFileSync(join(root, "large"), Buffer.alloc(200_000, "x"));
    chmodSync(join(root, "Z", "nested", "run"), 0o755);
    writeFileSync(join(root, "others-may-run"), "");
    chmodSync(join(root, "others-may-run"), 0o655);
    symlinkSync("../nowhere", join(root, "link"));
    symlinkSync("f\xfcr", join(root, "\u00fcber"));
    writeFileSync(fsPath(`${root}/\xff\xfe`), "not UTF-8");
    const node = readTree(root);
    expect(narBytes(node).equals(runNix(scratch.path, "nix-store", ["--dump", root]))).toBe(true);
    const hash = Buffer.from(hashNar(node).hash).toString("hex");
    expect(runNix(scratch.path, "nix-hash", ["--type", "sha256", root]).toString().trim()).toBe(hash);
  });
});
