import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasNix, runNix, scratchDirectory } from "../../store/installed-nix.ts";
import { storeLab } from "./store-lab.ts";

/** A directory with a bit of everything. */
function populate(root: string): void {
  mkdirSync(join(root, "dir", "nested"), { recursive: true });
  writeFileSync(join(root, "file"), "contents\n");
  writeFileSync(join(root, "dir", "executable"), "#!/bin/sh\n");
  chmodSync(join(root, "dir", "executable"), 0o755);
  writeFileSync(join(root, "dir", "large"), Buffer.alloc(100_000, "x"));
  symlinkSync("file", join(root, "link"));
  symlinkSync("dir", join(root, "dir-link"));
  symlinkSync("nowhere", join(root, "broken"));
  symlinkSync("loop", join(root, "loop"));
}

/** Expressions over `root`, which is the populated directory. */
const expressions: readonly string[] = [
  'builtins.readFile (root + "/file")',
  'builtins.readFile "${root + "/file"}"',
  'builtins.readFile (root + "/link")',
  "builtins.readDir root",
  'builtins.readDir (root + "/dir-link")',
  'builtins.readDir (builtins.filterSource (p: t: t != "symlink") root)',
  'map (f: builtins.pathExists (root + f)) [ "" "/file" "/link" "/broken" "/none" "/file/x" "/dir-link/large" ]',
  'map (f: builtins.pathExists (toString root + f)) [ "/" "/file/" "/dir/" "/dir-link/" "/dir/." "/link/" "/broken/" ]',
  'map (a: builtins.hashFile a (root + "/file")) [ "md5" "sha1" "sha256" "sha512" ]',
  'builtins.toFile "name" "text"',
  'builtins.toFile "name" "text ${builtins.toFile "other" "text"}"',
  'builtins.readFile (builtins.toFile "name" "text")',
  '"${root}"',
  '"${root + "/file"}"',
  '"${root + "/dir-link/executable"}"',
  'builtins.path { path = root; name = "renamed"; }',
  'builtins.path { path = root + "/dir/executable"; }',
  'builtins.path { path = root + "/dir/executable"; recursive = false; }',
  'builtins.filterSource (path: type: type == "directory" || baseNameOf path == "large") root',
  'builtins.getContext (builtins.path { path = root + "/file"; name = "x"; })',
  'builtins.placeholder "out"',
  'builtins.placeholder "dev"',
  'import (builtins.toFile "x.nix" "{ y = 1; }")',
];

/** Those that fail, with what is said of it. */
const failures: readonly (readonly [expression: string, message: string])[] = [
  ['builtins.readFile (root + "/none")', "path 'ROOT/none' does not exist"],
  ["builtins.readFile root", "opening file 'ROOT': Is a directory"],
  ['builtins.readFile "relative"', "string 'relative' doesn't represent an absolute path"],
  ['builtins.readFile (root + "/loop")', "infinite symlink recursion in path 'ROOT/loop'"],
  ['builtins.readDir (root + "/file")', "opening directory 'ROOT/file': Not a directory"],
  ['builtins.readDir (root + "/none")', "path 'ROOT/none' does not exist"],
  ['builtins.hashFile "sha3" (root + "/file")', "unknown hash algorithm 'sha3'"],
  ['"${root + "/none"}"', "path 'ROOT/none' does not exist"],
  ['builtins.toFile "a/b" ""', "name 'a/b' contains illegal character '/'"],
  [
    'builtins.toFile "x" (derivation { name = "d"; builder = "b"; system = "s"; }).outPath',
    "files created by builtins.toFile may not reference derivations, but x references !out!",
  ],
  ["builtins.path { }", "missing required 'path' attribute in the first argument to 'builtins.path'"],
  ["builtins.path { path = root; other = 1; }", "unsupported argument 'other' to 'builtins.path'"],
  ["builtins.path { path = root; recursive = false; }", "cannot hash 'ROOT' since it is not a regular file"],
  ['builtins.path { path = root; name = "a b"; }', "name 'a b' contains illegal character ' '"],
  ['builtins.storePath "/etc"', "path '/etc' is not in the Nix store"],
  ["builtins.filterSource (p: t: 1) root", "expected a Boolean but found an integer: 1"],
];

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("gives the same values", () => {
    using scratch = scratchDirectory();
    const root = join(scratch.path, "root");
    populate(root);
    const lab = storeLab();
    const list = `let root = ${root}; in [\n${expressions.map((each) => `(${each})`).join("\n")}\n]`;
    const file = join(scratch.path, "list.nix");
    writeFileSync(file, list);
    const theirs = runNix(scratch.path, "nix-instantiate", ["--eval", "--strict", "--read-write-mode", file]);
    expect(lab.print(list)).toBe(theirs.toString().trim());
  });

  test.each(failures)("fails too: %s", (expression) => {
    using scratch = scratchDirectory();
    const root = join(scratch.path, "root");
    populate(root);
    const args = ["--eval", "--strict", "--read-write-mode", "-E", `let root = ${root}; in ${expression}`];
    expect(() => runNix(scratch.path, "nix-instantiate", args)).toThrow("error: ");
  });
});

test.each(failures)("%s: %s", (expression, message) => {
  using scratch = scratchDirectory();
  const root = join(scratch.path, "root");
  populate(root);
  const error = storeLab().fail(`let root = ${root}; in ${expression}`);
  expect(error.message.replaceAll(root, "ROOT")).toContain(message);
});

test("a wrong hash shows both, a right one is enough", () => {
  using scratch = scratchDirectory();
  writeFileSync(join(scratch.path, "file"), "contents\n");
  const path = (sha256: string) =>
    `builtins.path { path = ${scratch.path}/file; recursive = false; sha256 = "${sha256}"; }`;
  const lab = storeLab();
  const right = "1q1vq5d4jrkjfkb3mw3wy3wc4w2vsfl0lrlw6xdma8z3wrbyvrdz";
  const wrong = "0000000000000000000000000000000000000000000000000000";
  expect(lab.fail(path(wrong)).message).toBe(
    `store path mismatch in (possibly filtered) path added from '${scratch.path}/file':\n` +
      `  specified: sha256:${wrong}\n  got:       sha256:${right}`,
  );
  const stored = lab.text(path(right));
  writeFileSync(join(scratch.path, "file"), "changed");
  expect(lab.text(path(right))).toBe(stored);
});

test("reads what the evaluation made, through links, as files of the store", () => {
  const lab = storeLab();
  expect(lab.print('builtins.readFileType (builtins.toFile "x" "")')).toBe('"regular"');
  expect(lab.print("builtins.readFileType /etc")).toBe('"directory"');
  expect(lab.fail("builtins.readFileType /nonexistent").message).toBe("path '/nonexistent' does not exist");
  expect(lab.print('let f = builtins.toFile "x" "text"; in builtins.storePath f == f')).toBe("true");
});

test("what is read of the store refers to what occurs in it", () => {
  const lab = storeLab();
  const read = `builtins.readFile (builtins.toFile "a" "see \${builtins.toFile "b" ""}")`;
  expect(
    lab.print(`map (c: builtins.substring 44 9 c) (builtins.attrNames (builtins.getContext (${read})))`),
  ).toBe('[ "b" ]');
});

test("builtins.path copies what a link leads to, as newer Nix does", () => {
  using scratch = scratchDirectory();
  populate(scratch.path);
  const lab = storeLab();
  const copy = lab.text(`builtins.path { path = ${scratch.path}/link; name = "x"; }`);
  expect(copy).toBe(lab.text(`builtins.path { path = ${scratch.path}/file; name = "x"; }`));
});

test("nothing is built to be read", () => {
  const error = storeLab().fail(
    'builtins.readFile (derivation { name = "d"; builder = "b"; system = "s"; }).outPath',
  );
  expect(error.message).toMatch(
    /^cannot build '\/nix\/store\/.{32}-d\.drv\^out' during evaluation: import from/,
  );
});

test("pure and restricted evaluation", () => {
  using scratch = scratchDirectory();
  mkdirSync(join(scratch.path, "in"));
  writeFileSync(join(scratch.path, "in", "file"), "text");
  writeFileSync(join(scratch.path, "out"), "text");
  symlinkSync("../out", join(scratch.path, "in", "escape"));
  const lab = storeLab({
    settings: { pureEval: true },
    allowed: { mode: "pure", paths: [`${scratch.path}/in`] },
  });
  const refused = "is forbidden in pure evaluation mode (use '--impure' to override)";
  expect(lab.print(`builtins.readFile ${scratch.path}/in/file`)).toBe('"text"');
  expect(lab.print(`builtins.pathExists ${scratch.path}/out`)).toBe("false");
  expect(lab.fail(`builtins.readFile ${scratch.path}/out`).message).toContain(refused);
  expect(lab.fail(`builtins.readFile ${scratch.path}/in/escape`).message).toContain(refused);
  expect(lab.fail(`"\${${scratch.path}/out}"`).message).toContain(refused);
  expect(lab.fail('builtins.storePath "/nix/store"').message).toBe(
    "'builtins.storePath' is not allowed in pure evaluation mode",
  );
});
