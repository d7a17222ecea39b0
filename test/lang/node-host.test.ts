import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NixError } from "../../src/lang/eval/errors.ts";
import { createNodeHost, type NodeHostOptions } from "../../src/lang/node-host.ts";
import { resolveSymlinks } from "../../src/lang/symlinks.ts";
import { sha256Hex } from "../../src/store/hash.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { scratchDirectory } from "../store/installed-nix.ts";

const makeHost = (options: Partial<NodeHostOptions> = {}) =>
  createNodeHost({ env: {}, onMessage: () => {}, ...options });

/** The message of what a call throws, which must be a NixError of this kind. */
function failure(kind: string, call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(NixError);
    expect((error as NixError).kind).toBe(kind);
    return (error as NixError).message;
  }
  throw new Error("it did not fail");
}

test("reads files, directories and links, and says what it read", () => {
  using scratch = scratchDirectory();
  const root = scratch.path;
  mkdirSync(join(root, "sub"));
  writeFileSync(join(root, "sub", "\u00fcber"), "text");
  chmodSync(join(root, "sub", "\u00fcber"), 0o755);
  symlinkSync("sub", join(root, "link"));
  const host = makeHost({ env: { SECRET: "hunter2" }, now: 7n });
  const file = `${root}/sub/\xc3\xbcber`;

  expect(Buffer.from(host.readFile(file)).toString()).toBe("text");
  expect(host.isExecutable(file)).toBe(true);
  expect(new Map(host.readDirectory(root))).toEqual(
    new Map([
      ["sub", "directory"],
      ["link", "symlink"],
    ]),
  );
  expect(host.readLink(`${root}/link`)).toBe("sub");
  expect(host.fileType(`${root}/link`)).toBe("symlink");
  expect(host.fileType(`${root}/absent`)).toBeUndefined();
  expect(host.fileType(`${file}/below-a-file`)).toBeUndefined();
  expect(host.environmentVariable("SECRET")).toBe("hunter2");
  expect(host.environmentVariable("UNSET")).toBeUndefined();
  expect(host.currentTime()).toBe(7n);
  host.store.addPath("sub", `${root}/sub`);

  const { reads } = host;
  expect(reads.files).toEqual(new Map([[file, sha256Hex("text")]]));
  expect(reads.executables).toEqual(new Map([[file, true]]));
  expect([...reads.directories.keys()]).toEqual([root, `${root}/sub`]);
  expect(reads.links).toEqual(new Map([[`${root}/link`, "sub"]]));
  expect(reads.types.get(`${root}/absent`)).toBe("absent");
  expect(reads.variables).toEqual(new Set(["SECRET", "UNSET"]));
  expect(JSON.stringify([...reads.variables])).not.toContain("hunter2");
});

test("notes each thing that a filter let through", () => {
  using scratch = scratchDirectory();
  writeFileSync(join(scratch.path, "kept"), "kept");
  writeFileSync(join(scratch.path, "refused"), "refused");
  const host = makeHost();
  host.store.addPath("x", scratch.path, (path) => path.endsWith("kept"));
  expect([...host.reads.directories.keys()]).toEqual([scratch.path]);
  expect(host.reads.files).toEqual(new Map([[`${scratch.path}/kept`, sha256Hex("kept")]]));
});

test("what the evaluation made is read back, and is no reading of the world outside", () => {
  const host = makeHost();
  const script = host.store.addText("script", Buffer.from("#!"), []);
  const tree = host.store.addTree(
    "tree",
    { type: "directory", entries: new Map([["run", { type: "symlink", target: script }]]) },
    [script],
  );
  expect(host.fileType(`${tree}/run`)).toBe("symlink");
  expect(resolveSymlinks(host, `${tree}/run`, "full")).toBe(script);
  expect(Buffer.from(host.readFile(script)).toString()).toBe("#!");
  expect(host.isExecutable(script)).toBe(false);
  expect([...host.readDirectory(tree)]).toEqual([["run", "symlink"]]);
  expect(host.store.references(tree)).toEqual([script]);
  expect(host.store.has(tree)).toBe(true);
  expect(host.reads.files.size + host.reads.directories.size + host.reads.links.size).toBe(0);
  expect(failure("io", () => host.readFile(`${tree}/absent`))).toBe(`path '${tree}/absent' does not exist`);
  expect(failure("io", () => host.readFile(tree))).toBe(`path '${tree}' is not a regular file`);
  expect(failure("io", () => host.readDirectory(script))).toBe(`path '${script}' is not a directory`);
});

test("failures are the evaluation's, in Nix's words", () => {
  const host = makeHost();
  expect(failure("io", () => host.readFile("/nonexistent"))).toBe("path '/nonexistent' does not exist");
  expect(failure("io", () => host.readFile("/etc"))).toBe("opening file '/etc': Is a directory");
  expect(failure("io", () => host.readDirectory("/etc/passwd"))).toBe(
    "opening directory '/etc/passwd': Not a directory",
  );
  expect(failure("store", () => host.store.addText("a b", Buffer.from(""), []))).toBe(
    "name 'a b' contains illegal character ' '",
  );
  expect(failure("store", () => host.store.addPath("x", "/nonexistent"))).toBe(
    "path '/nonexistent' does not exist",
  );
});

test("resolves links like Nix, and refuses loops", () => {
  using scratch = scratchDirectory();
  const root = scratch.path;
  mkdirSync(join(root, "a", "b"), { recursive: true });
  symlinkSync("a/b", join(root, "to-b"));
  symlinkSync(`${root}/to-b/../up`, join(root, "a", "absolute"));
  symlinkSync("loop", join(root, "loop"));
  const host = makeHost();
  const resolve = (path: string, mode: "full" | "ancestors" = "full") =>
    resolveSymlinks(host, `${root}${path}`, mode).slice(root.length);
  expect(resolve("/to-b")).toBe("/a/b");
  expect(resolve("/to-b", "ancestors")).toBe("/to-b");
  expect(resolve("/to-b/x", "ancestors")).toBe("/a/b/x");
  expect(resolve("/to-b/../c")).toBe("/a/c");
  expect(resolve("/a/absolute/x")).toBe("/a/up/x");
  expect(resolveSymlinks(host, "/../..", "full")).toBe("/");
  expect(failure("io", () => resolve("/loop/x"))).toBe(`infinite symlink recursion in path '${root}/loop/x'`);
});

test("restricted evaluation sees only what is allowed", () => {
  using scratch = scratchDirectory();
  mkdirSync(join(scratch.path, "in"));
  writeFileSync(join(scratch.path, "in", "file"), "text");
  writeFileSync(join(scratch.path, "out"), "text");
  const inside = `${scratch.path}/in`;
  const host = makeHost({ allowed: { mode: "pure", paths: [inside] } });
  expect(Buffer.from(host.readFile(`${inside}/file`)).toString()).toBe("text");
  expect([...host.readDirectory(scratch.path).keys()]).toEqual(["in"]);
  expect(host.fileType(`${scratch.path}/out`)).toBeUndefined();
  const refused = `is forbidden in pure evaluation mode (use '--impure' to override)`;
  for (const call of [
    () => host.readFile(`${scratch.path}/out`),
    () => host.store.addPath("out", `${scratch.path}/out`),
    () => host.store.addFlatFile("out", `${scratch.path}/out`),
  ]) {
    expect(failure("restricted", call)).toBe(`access to absolute path '${scratch.path}/out' ${refused}`);
  }
  expect(failure("restricted", () => host.store.addPath("x", scratch.path))).toContain(refused);
  const made = host.store.addText("made", Buffer.from("here"), []);
  expect(Buffer.from(host.readFile(made)).toString()).toBe("here");
});

test("what the expression says the hash of may be read from the store of this machine", () => {
  const [pinned, other] = ["0", "1"].map((digit) => `/nix/store/${digit.repeat(32)}-x`) as [string, string];
  const store = new VirtualStore();
  store.has = () => true;
  const host = makeHost({ store, allowed: { mode: "pure", paths: [] } });
  const refused = "is forbidden in pure evaluation mode (use '--impure' to override)";
  expect(failure("restricted", () => host.readFile(`${pinned}/y`))).toContain(refused);
  expect(host.hasPinned(pinned)).toBe(true);
  expect(failure("io", () => host.readFile(`${pinned}/y`))).toBe(`path '${pinned}/y' does not exist`);
  expect(failure("restricted", () => host.readFile(other))).toContain(refused);
});
