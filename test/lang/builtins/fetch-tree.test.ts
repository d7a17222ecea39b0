import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { NodeHostOptions } from "../../../src/lang/node-host.ts";
import { hasNix, runNix, type ScratchDirectory, scratchDirectory } from "../../store/installed-nix.ts";
import { hasProgram, serve, tar } from "../fetch/archives.ts";
import { gitEnvironment, Repository } from "../fetch/repositories.ts";
import { type StoreLab, storeLab } from "./store-lab.ts";

function lab(
  scratch: ScratchDirectory,
  options: Partial<NodeHostOptions> & { settings?: { pureEval?: boolean; restrictEval?: boolean } } = {},
): StoreLab {
  return storeLab({ env: { ...gitEnvironment, XDG_CACHE_HOME: join(scratch.path, "cache") }, ...options });
}

/** Two commits; the second one has a submodule. */
function project(scratch: ScratchDirectory): Repository {
  new Repository(join(scratch.path, "sub")).commit({ s: "s\n" });
  const repository = new Repository(join(scratch.path, "project"));
  symlinkSync("a", join(repository.path, "link"));
  repository.write({ a: "a\n", "d/b": "b\n", run: "#!\n", ignored: "i\n", "d/secret": "s\n" });
  repository.write({ ".gitattributes": "ignored export-ignore\nsecret export-ignore\n" });
  chmodSync(join(repository.path, "run"), 0o755);
  repository.commit();
  repository.git("submodule", "add", "../sub", "m");
  repository.commit();
  return repository;
}

/** What Nix 2.34 says of it. */
const second = {
  rev: "5dff1b1b75052c486aab640a030fc54a88bb7cea",
  shortRev: "5dff1b1",
  revCount: 2,
  lastModified: 1_700_000_100,
  lastModifiedDate: "20231114221500",
};
const withoutIgnored = {
  submodules: false,
  narHash: "sha256-74YWwn6ia5Wvi54tY8cpMnPUWbgWCcgPGQReGcFINvY=",
  path: "/nix/store/b3aq6jqdk5pb8v6gai74wmayy30p0vyl-source",
};
const withSubmodules = {
  submodules: true,
  narHash: "sha256-hUbEpWlrYXxE3qIBZ0Rq9+HwBHt5PPahNmzh/wI2N40=",
  path: "/nix/store/dwamqcdn3la5ylpdfficzzxa1yzzk37z-source",
};

/** The attributes of a tree. */
function json(here: StoreLab, expression: string): Record<string, unknown> {
  const set = `let x = ${expression}; in builtins.toJSON (removeAttrs x [ "outPath" ] // { path = x.outPath; })`;
  return JSON.parse(here.text(set)) as Record<string, unknown>;
}

describe("Git repositories of this machine", () => {
  test("a clean work tree: without its submodules, not even their directories", () => {
    using scratch = scratchDirectory();
    const { path } = project(scratch);
    const here = lab(scratch);
    expect(json(here, `fetchGit ${path}`)).toEqual({
      ...second,
      submodules: false,
      narHash: "sha256-GTC/J8O/UeZ79ooz9MSbGleK89kGoFV2sxuqlPp9Gqw=",
      path: "/nix/store/p952ydrlbm9zjf9px878libbgnkvj7y1-source",
    });
    expect(here.messages).toEqual([]);
    const object = here.host.objects.get("/nix/store/p952ydrlbm9zjf9px878libbgnkvj7y1-source");
    expect(structuredClone(object)?.references).toEqual([]);
  });

  test("a commit, with its submodules when they are wanted", () => {
    using scratch = scratchDirectory();
    const { path } = project(scratch);
    const here = lab(scratch);
    expect(json(here, `fetchGit { url = ${path}; ref = "HEAD"; }`)).toEqual({ ...second, ...withoutIgnored });
    const { revCount: _, ...shallow } = second;
    expect(
      json(here, `builtins.fetchTree { type = "git"; url = "${path}"; ref = "main"; submodules = true; }`),
    ).toEqual({ ...shallow, ...withSubmodules });
    expect(json(here, `builtins.fetchTree "git+file://${path}?submodules=1"`)).toEqual({
      ...second,
      ...withSubmodules,
    });
    expect(here.host.reads.trees.map(({ request, rev }) => [request.kind, rev])).toEqual(
      new Array(3).fill(["git", second.rev]),
    );
  });

  test("a work tree with changes: what is tracked, as it is now", () => {
    using scratch = scratchDirectory();
    const repository = project(scratch);
    repository.write({ a: "changed\n", new: "new\n", untracked: "" });
    rmSync(join(repository.path, "link"));
    repository.git("add", "--intent-to-add", "new");
    const here = lab(scratch);
    expect(json(here, `fetchGit ${repository.path}`)).toEqual({
      ...second,
      rev: "0".repeat(40),
      shortRev: "0000000",
      revCount: 0,
      dirtyRev: `${second.rev}-dirty`,
      dirtyShortRev: `${second.shortRev}-dirty`,
      submodules: false,
      narHash: "sha256-deom00LVjscDktTAjXwPVKfuScnSSnTM3a7CU7ta0iU=",
      path: "/nix/store/g8lawdj2a3l57b4s3i5qwn1wwknmsk3s-source",
    });
    expect(here.messages).toEqual([`warning: Git tree '${repository.path}' is dirty`]);
    const silent = lab(scratch, { dirtyTrees: "allow" });
    expect(json(silent, `fetchGit ${repository.path}`)).toHaveProperty("dirtyRev");
    expect(silent.messages).toEqual([]);
    expect(lab(scratch, { dirtyTrees: "refuse" }).fail(`fetchGit ${repository.path}`).message).toBe(
      `Git tree '${repository.path}' is dirty`,
    );
    expect(here.host.reads.files.has(join(repository.path, "new"))).toBe(true);
    expect(json(here, `builtins.fetchTree "git+file://${repository.path}"`)).not.toHaveProperty("rev");
  });

  test("an empty repository, a repository in a link, a revision under another name", () => {
    using scratch = scratchDirectory();
    const { path } = new Repository(join(scratch.path, "empty"));
    expect(json(lab(scratch), `fetchGit ${path}`)).toEqual({
      lastModified: 0,
      lastModifiedDate: "19700101000000",
      narHash: "sha256-pQpattmS9VmO3ZIQUFn66az8GSmB4IvYhTTCFn6SUmo=",
      path: "/nix/store/0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source",
      rev: "0".repeat(40),
      revCount: 0,
      shortRev: "0000000",
      submodules: false,
    });
    const repository = project(scratch);
    symlinkSync(repository.path, join(scratch.path, "link"));
    expect(json(lab(scratch), `fetchGit ${scratch.path}/link`)).toMatchObject(second);
    const first = repository.git("rev-parse", "HEAD~1");
    expect(
      json(lab(scratch), `fetchGit { url = ${repository.path}; rev = "${first}"; name = "named"; }`),
    ).toMatchObject({ rev: first, revCount: 1, path: expect.stringMatching(/-named$/) as string });
  });

  test("what can't be had is refused", () => {
    using scratch = scratchDirectory();
    const { path } = project(scratch);
    const here = lab(scratch);
    const fail = (expression: string) => here.fail(expression).message;
    expect(fail(`fetchGit { url = ${path}; rev = "${"1".repeat(40)}"; }`)).toContain(
      `cannot find Git revision '${"1".repeat(40)}' of repository 'file://${path}'`,
    );
    expect(fail(`fetchGit { url = ${path}; ref = "none"; }`)).toContain(
      `resolving Git reference 'none' of repository 'file://${path}': not found`,
    );
    expect(fail(`fetchGit "${path}-not"`)).toBe(`Git repository '${path}-not' does not exist`);
    expect(fail(`fetchGit { url = ${path}; submodules = true; exportIgnore = true; }`)).toBe(
      "exportIgnore and submodules are not supported together yet",
    );
    const wrong = `sha256-${"A".repeat(43)}=`;
    expect(fail(`fetchGit { url = ${path}; ref = "HEAD"; narHash = "${wrong}"; }`)).toBe(
      `NAR hash mismatch in input 'git+file://${path}?exportIgnore=1&ref=HEAD', expected '${wrong}' but got '${withoutIgnored.narHash}'`,
    );
    const without = storeLab({ env: { XDG_CACHE_HOME: join(scratch.path, "cache"), PATH: "/nonexistent" } });
    expect(without.fail(`fetchGit ${path}`).message).toBe(
      "the program 'git' is not installed, and it is needed to fetch Git repositories",
    );
  });

  test.each([
    ["revCount = 3;", "'revCount' attribute mismatch", ", expected 3"],
    ["lastModified = 5;", "'lastModified' attribute mismatch", ", expected 5, got 1700000100"],
  ])("%s contradicts what is fetched, with a revision and without", (wrong, message, values) => {
    using scratch = scratchDirectory();
    const { path } = project(scratch);
    for (const rev of ["", `rev = "${second.rev}";`]) {
      const failed = lab(scratch).fail(`fetchGit { url = ${path}; ${rev} ${wrong} }`);
      expect(failed.message).toContain(message);
      expect(failed.message).toContain(values);
    }
  });

  test("pure evaluation wants a revision, restricted evaluation none at all", () => {
    using scratch = scratchDirectory();
    const { path } = project(scratch);
    const pure = lab(scratch, { settings: { pureEval: true }, allowed: { mode: "pure", paths: [] } });
    expect(pure.fail(`fetchGit "${path}"`).message).toBe(
      `in pure evaluation mode, 'fetchGit' doesn't fetch unlocked input 'git+file://${path}?exportIgnore=1'`,
    );
    expect(json(pure, `fetchGit { url = "${path}"; rev = "${second.rev}"; }`)).toMatchObject(withoutIgnored);
    const restricted = lab(scratch, {
      settings: { restrictEval: true },
      allowed: { mode: "restricted", paths: [path] },
    });
    expect(restricted.fail(`fetchGit "${path}"`).message).toBe(
      `access to URI 'git+file://${path}?exportIgnore=1' is forbidden in restricted mode`,
    );
  });
});

describe("other Git repositories", () => {
  test("are cloned: the default branch, a branch, a revision; with submodules", () => {
    using scratch = scratchDirectory();
    const repository = project(scratch);
    repository.git("clone", "--quiet", "--bare", ".", "../bare.git");
    repository.git("--git-dir=../bare.git", "branch", "old", "HEAD~1");
    const url = `file://${scratch.path}/bare.git`;
    const here = lab(scratch);
    expect(json(here, `fetchGit "${url}"`)).toEqual({ ...second, ...withoutIgnored });
    expect(json(here, `fetchGit { url = "${url}"; ref = "old"; }`)).toMatchObject({ revCount: 1 });
    expect(json(here, `fetchGit { url = "${url}"; rev = "${second.rev}"; }`)).toMatchObject(withoutIgnored);
    expect(json(here, `fetchGit { url = "${url}"; submodules = true; }`)).toMatchObject(withSubmodules);
    expect(here.fail(`fetchGit { url = "${url}"; ref = "none"; }`).message).toContain("git fetch failed: ");
    expect(readdirSync(join(scratch.path, "cache", "nixus")).sort()).toEqual(["git", "objects", "origins"]);
    const shallow = `builtins.fetchTree { type = "git"; url = "${url}"; }`;
    expect(json(here, shallow)).not.toHaveProperty("revCount");
    expect(here.host.objects.get(here.text(`(${shallow}).outPath`))?.narSize).toBeGreaterThan(0);
  });

  test("are asked again after an hour; without an answer, the old state has to do", () => {
    using scratch = scratchDirectory();
    const repository = project(scratch);
    repository.git("clone", "--quiet", "--bare", ".", "../bare.git");
    const url = `file://${scratch.path}/bare.git`;
    const rev = (now: bigint) => json(lab(scratch, { now }), `fetchGit "${url}"`)["rev"];
    expect(rev(0n)).toBe(second.rev);
    const third = repository.commit({ a: "third\n" });
    repository.git("push", "--quiet", "../bare.git", "main");
    expect([rev(3599n), rev(3600n)]).toEqual([second.rev, third]);
    rmSync(join(scratch.path, "bare.git/refs"), { recursive: true });
    const late = lab(scratch, { now: 9000n });
    expect(json(late, `fetchGit "${url}"`)["rev"]).toBe(third);
    expect(late.messages).toEqual([expect.stringContaining("continuing with the most recent version")]);
  });

  test("are cloned over HTTP", async () => {
    using scratch = scratchDirectory();
    const repository = project(scratch);
    repository.git("clone", "--quiet", "--bare", ".", "../bare.git");
    repository.git("--git-dir=../bare.git", "update-server-info");
    await using server = await serve(scratch.path);
    const here = lab(scratch);
    expect(json(here, `fetchGit { url = "${server.url}/bare.git"; ref = "main"; }`)).toEqual({
      ...second,
      ...withoutIgnored,
    });
  });
});

describe("fetchTree", () => {
  const archive = tar([
    { name: "project/", type: "5", mode: 0o755 },
    { name: "project/default.nix", contents: "42" },
  ]);

  test("of a directory, a file and an archive", () => {
    using scratch = scratchDirectory();
    const directory = join(scratch.path, "directory");
    mkdirSync(directory);
    writeFileSync(join(directory, "default.nix"), "42");
    utimesSync(join(directory, "default.nix"), 1000, 1000);
    utimesSync(directory, 2000, 2000);
    writeFileSync(join(scratch.path, "archive.tar.gz"), gzipSync(archive));
    const here = lab(scratch);
    const byPath = json(here, `builtins.fetchTree { type = "path"; path = "${directory}"; }`);
    expect(byPath).toMatchObject({ lastModified: 2000, lastModifiedDate: "19700101003320" });
    const byArchive = json(here, `builtins.fetchTree "file://${scratch.path}/archive.tar.gz"`);
    expect(byArchive).toMatchObject({ narHash: byPath["narHash"], path: byPath["path"], lastModified: 0 });
    const file = `builtins.fetchTree { type = "file"; url = "file://${directory}/default.nix"; }`;
    expect(here.print(`import (${file})`)).toBe("42");
    expect(Object.keys(json(here, file)).sort()).toEqual(["narHash", "path"]);
  });

  test.skipIf(!hasProgram("zip") || spawnSync("unzip", ["-v"]).status !== 0)("of a zip archive", () => {
    using scratch = scratchDirectory();
    mkdirSync(join(scratch.path, "in/project"), { recursive: true });
    writeFileSync(join(scratch.path, "in/project/run"), "#!", { mode: 0o755 });
    symlinkSync("run", join(scratch.path, "in/project/link"));
    execFileSync("zip", ["-qry", "../archive.zip", "project"], { cwd: join(scratch.path, "in") });
    const here = lab(scratch);
    const url = `file://${scratch.path}/archive.zip`;
    expect(json(here, `builtins.fetchTree "${url}"`)["path"]).toBe(
      here.text(`"\${builtins.path { path = ${scratch.path}/in/project; name = "source"; }}"`),
    );
    expect(here.print(`builtins.readDir (fetchTarball "${url}")`)).toBe(
      '{ link = "symlink"; run = "regular"; }',
    );
  });

  test.each([
    ["builtins.fetchTree { }", "argument 'type' is missing in call to 'fetchTree'"],
    [
      'builtins.fetchTree { type = "git"; url = "/x"; name = "y"; }',
      "argument 'name' isn't supported in call to 'fetchTree'",
    ],
    [
      'builtins.fetchTree { type = "path"; path = [ ]; }',
      "argument 'path' to 'fetchTree' is a list while a string, Boolean or integer is expected",
    ],
    [
      'builtins.fetchTree { type = "path"; path = "/x"; revCount = -1; }',
      "negative value given for 'fetchTree' argument 'revCount': -1",
    ],
    [
      'builtins.fetchTree { type = "path"; path = "./x"; }',
      "cannot fetch input 'path:./x' because it uses a relative path",
    ],
    ['builtins.fetchTree { type = "path"; path = "/nonexistent"; }', "path '/nonexistent' does not exist"],
    ['builtins.fetchTree { type = "svn"; }', "input type 'svn' is not supported"],
    ['builtins.fetchTree "nixpkgs"', "'nixpkgs' doesn't have a scheme"],
    ['builtins.fetchTree "flake:nixpkgs"', "cannot fetch 'flake:nixpkgs': Nixus asks no flake registry"],
    ['builtins.fetchTree { type = "git"; url = "/x"; lfs = true; }', "Git LFS is not supported"],
    ['fetchGit { type = "git"; url = "/x"; }', "unexpected argument 'type'"],
    ['fetchGit { url = "/x"; foo = 1; }', "input attribute 'foo' not supported by scheme 'git'"],
    ["fetchMercurial { }", "'url' argument required"],
    ['fetchMercurial { url = "/x"; ref = "y"; }', "unsupported argument 'ref' to 'fetchMercurial'"],
    ['fetchMercurial "/nonexistent"', "Mercurial repository '/nonexistent' does not exist"],
  ])("refuses %s", (expression, message) => {
    using scratch = scratchDirectory();
    expect(lab(scratch).fail(expression).message).toContain(message);
  });

  test.skipIf(hasProgram("hg"))("of Mercurial says what is missing", () => {
    using scratch = scratchDirectory();
    expect(lab(scratch).fail('fetchMercurial "https://127.0.0.1:9/x"').message).toBe(
      "the program 'hg' is not installed, and it is needed to fetch Mercurial repositories",
    );
  });

  test("pinned by a hash, is taken from the cache and checked", () => {
    using scratch = scratchDirectory();
    writeFileSync(join(scratch.path, "a.tar"), archive);
    const url = `file://${scratch.path}/a.tar`;
    const found = json(lab(scratch), `builtins.fetchTree "${url}"`);
    const pure = lab(scratch, {
      settings: { pureEval: true },
      allowed: { mode: "pure", paths: [scratch.path] },
    });
    const pinned = (hash: unknown) =>
      `builtins.fetchTree { type = "tarball"; url = "${url}"; narHash = "${String(hash)}"; }`;
    expect(json(pure, pinned(found["narHash"]))).toEqual(found);
    const wrong = `sha256-${"A".repeat(43)}=`;
    expect(pure.fail(pinned(wrong)).message).toContain(
      `expected '${wrong}' but got '${String(found["narHash"])}'`,
    );
    expect(pure.fail(`builtins.fetchTree "${url}"`).message).toContain("doesn't fetch unlocked input");
  });
});

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("gives trees the same paths and attributes", () => {
    using scratch = scratchDirectory();
    const repository = new Repository(join(scratch.path, "project"));
    repository.commit({ a: "a\n", "d/b": "b\n" });
    repository.commit({ a: "b\n" });
    repository.git("clone", "--quiet", "--bare", ".", "../bare.git");
    const expression = `map (x: removeAttrs x [ "outPath" ] // { path = x.outPath; }) [
      (fetchGit ${repository.path})
      (fetchGit { url = ${repository.path}; ref = "HEAD"; name = "named"; })
      (fetchGit { url = "file://${scratch.path}/bare.git"; ref = "main"; })
    ]`;
    const args = ["--eval", "--strict", "--read-write-mode", "-E", expression];
    expect(lab(scratch).print(expression)).toBe(
      runNix(scratch.path, "nix-instantiate", args).toString().trim(),
    );
    expect(existsSync(join(scratch.path, "cache/nixus/git"))).toBe(true);
  });
});
