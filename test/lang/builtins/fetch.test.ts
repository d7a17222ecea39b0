import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { NodeHostOptions } from "../../../src/lang/node-host.ts";
import { hasNix, runNix, type ScratchDirectory, scratchDirectory } from "../../store/installed-nix.ts";
import { hasProgram, serve, tar } from "../fetch/archives.ts";
import { type StoreLab, storeLab } from "./store-lab.ts";

const archive = tar([
  { name: "project-1.0/default.nix", contents: "{ answer = 42; dir = ./sub; }" },
  { name: "project-1.0/sub/file", contents: "in the archive" },
  { name: "project-1.0/run", contents: "#!", mode: 0o755 },
]);
/** SHA-256 of the tree in it. */
const treeHash = "19syy2cmxnbb8qxa59ldhvpm32vkg5vrqwi1bq1i5ikpdzq0plqf";
/** SHA-256 of `contents\n`. */
const fileHash = "1q1vq5d4jrkjfkb3mw3wy3wc4w2vsfl0lrlw6xdma8z3wrbyvrdz";
const noHash = "0".repeat(52);

/** An evaluation with its cache in the scratch directory. Without PATH there is no curl, and Node downloads. */
function lab(scratch: ScratchDirectory, options: Partial<NodeHostOptions> & { by?: "curl" } = {}): StoreLab {
  const path = options.by === "curl" ? { PATH: process.env["PATH"] } : {};
  return storeLab({ env: { XDG_CACHE_HOME: join(scratch.path, "cache"), ...path }, ...options });
}

function served(scratch: ScratchDirectory): string {
  const directory = join(scratch.path, "served");
  mkdirSync(directory);
  writeFileSync(join(directory, "file"), "contents\n");
  writeFileSync(join(directory, "project.tar.gz"), gzipSync(archive));
  return directory;
}

describe.each(["Node", "curl"])("over HTTP by %s", (program) => {
  const by = program === "curl" ? { by: "curl" as const } : {};

  test.skipIf(program === "curl" && !hasProgram("curl"))("files and archives", async () => {
    using scratch = scratchDirectory();
    const directory = served(scratch);
    await using server = await serve(directory);
    const here = lab(scratch, by);
    const { url } = server;
    expect(here.print(`builtins.readFile (builtins.fetchurl "${url}/file")`)).toBe('"contents\\n"');
    expect(here.print(`builtins.readFile (builtins.fetchurl "${url}/redirect")`)).toBe('"contents\\n"');
    const tree = `fetchTarball "${url}/project.tar.gz"`;
    expect(here.print(`(import (${tree})).answer`)).toBe("42");
    expect(here.print(`builtins.readFile ((import (${tree})).dir + "/file")`)).toBe('"in the archive"');
    expect(here.print(`builtins.attrNames (builtins.readDir (${tree}))`)).toBe(
      '[ "default.nix" "run" "sub" ]',
    );
    const failed = here.fail(`builtins.fetchurl "${url}/none"`);
    expect(failed.message).toContain(`unable to download '${url}/none': `);
    expect(failed.message).toContain("404");
    const object = here.host.objects.get(here.text(tree))!;
    expect(object.references).toEqual([]);
    expect(structuredClone(object).narSize).toBe(object.narSize);
    expect(here.host.reads.fetches.map((each) => each.kind)).toContain("tarball");
    expect([...here.host.reads.files.keys()]).toEqual([]);
  });
});

test("what is pinned needs no network a second time, and is checked the first time", async () => {
  using scratch = scratchDirectory();
  const directory = served(scratch);
  await using server = await serve(directory);
  const file = (sha256: string) => `builtins.fetchurl { url = "${server.url}/file"; sha256 = "${sha256}"; }`;
  const tree = (sha256: string) =>
    `fetchTarball { url = "${server.url}/project.tar.gz"; sha256 = "${sha256}"; }`;
  const first = lab(scratch);
  expect(first.fail(file(noHash)).message).toBe(
    `hash mismatch in file downloaded from '${server.url}/file':\n  specified: sha256:${noHash}\n  got:       sha256:${fileHash}`,
  );
  expect(first.fail(tree(noHash)).message).toBe(
    `hash mismatch in tree downloaded from '${server.url}/project.tar.gz':\n  specified: sha256:${noHash}\n  got:       sha256:${treeHash}`,
  );
  const paths = [first.text(file(fileHash)), first.text(tree(treeHash))];
  await server[Symbol.asyncDispose]();
  const second = lab(scratch);
  expect([second.text(file(fileHash)), second.text(tree(treeHash))]).toEqual(paths);
  expect(second.print(`(import (${tree(treeHash)})).answer`)).toBe("42");
  expect(second.host.objects.closure(paths).length).toBe(2);
});

test("a URL is asked again after an hour; without an answer, the old one has to do", async () => {
  using scratch = scratchDirectory();
  const directory = served(scratch);
  await using server = await serve(directory);
  const read = `builtins.readFile (builtins.fetchurl "${server.url}/file")`;
  expect(lab(scratch, { now: 0n }).print(read)).toBe('"contents\\n"');
  writeFileSync(join(directory, "file"), "changed");
  expect(lab(scratch, { now: 3599n }).print(read)).toBe('"contents\\n"');
  expect(lab(scratch, { now: 3600n }).print(read)).toBe('"changed"');
  await server[Symbol.asyncDispose]();
  const late = lab(scratch, { now: 9000n });
  expect(late.print(read)).toBe('"changed"');
  expect(late.messages).toEqual([
    expect.stringMatching(/^warning: unable to download .*; using cached version$/),
  ]);
  rmSync(join(scratch.path, "cache"), { recursive: true });
  expect(lab(scratch).fail(read).message).toContain("unable to download");
});

test("a cache that was meddled with is noticed when the object is sent", () => {
  using scratch = scratchDirectory();
  const directory = served(scratch);
  const fetched = lab(scratch).text(`fetchTarball "file://${directory}/project.tar.gz"`);
  const kept = join(scratch.path, "cache", "nixus", "objects", fetched.slice("/nix/store/".length));
  writeFileSync(join(kept, "default.nix"), "{ }");
  const again = lab(scratch);
  again.text(`fetchTarball { url = "file:///none"; sha256 = "${treeHash}"; }`);
  expect(() => again.host.objects.get(fetched)).toThrow("is no longer what was kept there");
});

test("a local archive that changes while it is unpacked is refused, and nothing of it is kept", () => {
  using scratch = scratchDirectory();
  const at = (name: string) => join(scratch.path, name);
  const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  writeFileSync(at("archive"), zstdMagic);
  writeFileSync(at("tar"), archive);
  // Whoever unpacks it is slow, and someone else writes the archive meanwhile.
  mkdirSync(at("bin"));
  writeFileSync(
    at("bin/zstd"),
    `#!/bin/sh
cat ${at("tar")}; printf x >> ${at("archive")}
`,
    { mode: 0o755 },
  );
  vi.stubEnv("PATH", `${at("bin")}:${process.env["PATH"]}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const fetched = `(import (fetchTarball "file://${at("archive")}")).answer`;
  expect(lab(scratch).fail(fetched).message).toBe(`'file://${at("archive")}' changed while it was unpacked`);
  writeFileSync(
    at("bin/zstd"),
    `#!/bin/sh
cat ${at("tar")}
`,
  );
  writeFileSync(at("archive"), zstdMagic);
  expect(readdirSync(at("cache/nixus"))).toEqual([]);
  expect(lab(scratch).print(fetched)).toBe("42");
});

test("local archives are unpacked anew when they change, and leave nothing behind", () => {
  using scratch = scratchDirectory();
  const directory = served(scratch);
  const read = `(import (fetchTarball "file://${directory}/project.tar.gz")).answer`;
  expect(lab(scratch).print(read)).toBe("42");
  const other = tar([
    { name: "default.nix", contents: "{ answer = 43; }" },
    { name: "second", contents: "not one directory" },
  ]);
  writeFileSync(join(directory, "project.tar.gz"), gzipSync(other));
  const here = lab(scratch);
  expect(here.print(read)).toBe("43");
  expect([...here.host.reads.files.keys()]).toEqual([`${directory}/project.tar.gz`]);
  expect(readdirSync(join(scratch.path, "cache", "nixus")).sort()).toEqual(["objects", "origins"]);
});

test.each(["xz", "bzip2", "zstd"])("archives compressed with %s", (program) => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, "archive");
  const compressed = spawnSync(program, ["-c"], { input: archive });
  if (compressed.error !== undefined) return;
  writeFileSync(file, compressed.stdout);
  expect(lab(scratch).print(`(import (fetchTarball "file://${file}")).answer`)).toBe("42");
});

test.each([
  ["no archive at all", "it is truncated"],
  ["\x1f\x8bno gzip", "unknown compression method"],
  [gzipSync(archive).subarray(0, 100), "unexpected end of file"],
])("refuses %j as an archive", (contents, message) => {
  using scratch = scratchDirectory();
  const file = join(scratch.path, "archive");
  writeFileSync(file, typeof contents === "string" ? Buffer.from(contents, "latin1") : contents);
  const error = lab(scratch).fail(`fetchTarball "file://${file}"`);
  expect(error.message).toContain(`cannot unpack 'file://${file}': `);
  expect(error.message).toContain(message);
});

test.each([
  ["builtins.fetchurl { }", "'url' argument required"],
  ['builtins.fetchurl { url = "http://x/y"; md5 = ""; }', "unsupported argument 'md5' to 'fetchurl'"],
  ['builtins.fetchurl "no url"', "'no url' contains illegal character ' '"],
  ['builtins.fetchurl "no-url"', "'no-url' is not a valid URL"],
  ['fetchTarball "ftp://x/y"', "cannot fetch 'ftp://x/y': only http, https and file URLs are supported here"],
  ['fetchTarball "file://elsewhere/y"', "is not the URL of a file on this machine"],
  ['fetchTarball "file:///nonexistent/y"', "path '/nonexistent/y' does not exist"],
  [
    'builtins.fetchurl "http://x/a%20b"',
    "invalid store path name when fetching URL 'http://x/a%20b': name 'a%20b' contains illegal character '%'. " +
      "Please pass an attribute set with 'url' and 'name' attributes to 'fetchurl', so that it can create a valid store path.",
  ],
  [
    'builtins.fetchurl { url = ""; }',
    "name must not be empty. Please add a valid 'name' attribute to the argument for 'fetchurl'",
  ],
  [
    'builtins.fetchurl { url = "http://x/y"; sha256 = "abc"; }',
    "hash 'abc' has wrong length for hash algorithm 'sha256'",
  ],
])("refuses %s", (expression, message) => {
  using scratch = scratchDirectory();
  expect(lab(scratch).fail(expression).message).toContain(message);
});

test("pure evaluation wants a hash, restricted evaluation refuses the network", () => {
  using scratch = scratchDirectory();
  const pure = storeLab({ settings: { pureEval: true }, allowed: { mode: "pure", paths: [] } });
  expect(pure.fail('fetchTarball "http://127.0.0.1:9/x"').message).toBe(
    "in pure evaluation mode, 'fetchTarball' requires a 'sha256' argument",
  );
  const restricted = lab(scratch, { allowed: { mode: "restricted", paths: [] } });
  expect(restricted.fail('fetchTarball "http://127.0.0.1:9/x"').message).toBe(
    "access to URI 'http://127.0.0.1:9/x' is forbidden in restricted mode",
  );
  const locked = `builtins.fetchurl { url = "file:///etc/passwd"; sha256 = "${fileHash}"; }`;
  expect(restricted.fail(locked).message).toContain("is forbidden in restricted mode");
  expect(restricted.fail('builtins.fetchurl "file:///etc/passwd"').message).toBe(
    "access to absolute path '/etc/passwd' is forbidden in restricted mode",
  );
});

test("pure evaluation fetches what is locked from a file, restricted evaluation what is allowed", () => {
  using scratch = scratchDirectory();
  const directory = served(scratch);
  const env = { XDG_CACHE_HOME: join(scratch.path, "cache") };
  const pure = storeLab({ env, settings: { pureEval: true }, allowed: { mode: "pure", paths: [] } });
  const locked = `builtins.fetchurl { url = "file://${directory}/file"; sha256 = "${fileHash}"; }`;
  expect(pure.print(`builtins.readFile (${locked})`)).toBe('"contents\\n"');
  const allowing = (...uris: string[]) => lab(scratch, { allowed: { mode: "restricted", paths: [], uris } });
  const read = `builtins.readFile (builtins.fetchurl "file://${directory}/file")`;
  expect(allowing(`file://${directory}`).print(read)).toBe('"contents\\n"');
  expect(allowing("file:").print(read)).toBe('"contents\\n"');
  expect(allowing(`file://${directory.slice(0, -1)}`, "").fail(read).message).toContain("in restricted mode");
});

test("without a name, the last part of the URL is the name", () => {
  using scratch = scratchDirectory();
  const url = `file://${served(scratch)}/project.tar.gz`;
  const here = lab(scratch);
  expect(here.text(`"${"$"}{fetchTarball { url = "${url}"; name = ""; }}"`)).toMatch(/-project\.tar\.gz$/);
  expect(here.fail(`builtins.fetchurl "file:///nonexistent/name/"`).message).not.toContain("store path name");
});

test("says so when there is no place for a cache", () => {
  expect(storeLab().fail('fetchTarball "http://127.0.0.1:9/x"').message).toBe(
    "there is no place to keep downloads: neither XDG_CACHE_HOME nor HOME is set",
  );
});

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("gives fetched files and trees the same paths", () => {
    using scratch = scratchDirectory();
    const directory = served(scratch);
    const expression = `[
      (builtins.fetchurl "file://${directory}/file")
      (fetchTarball "file://${directory}/project.tar.gz")
      (fetchTarball { url = "file://${directory}/project.tar.gz"; name = "named"; })
    ]`;
    const args = ["--eval", "--strict", "--read-write-mode", "-E", expression];
    expect(lab(scratch).print(expression)).toBe(
      runNix(scratch.path, "nix-instantiate", args).toString().trim(),
    );
  });
});
