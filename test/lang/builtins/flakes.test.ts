import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NodeHostOptions } from "../../../src/lang/node-host.ts";
import { type ScratchDirectory, scratchDirectory } from "../../store/installed-nix.ts";
import { gitEnvironment, Repository } from "../fetch/repositories.ts";
import { type StoreLab, storeLab } from "./store-lab.ts";

function lab(
  scratch: ScratchDirectory,
  options: Partial<NodeHostOptions> & { settings?: { pureEval?: boolean; restrictEval?: boolean } } = {},
): StoreLab {
  return storeLab({ env: { ...gitEnvironment, XDG_CACHE_HOME: join(scratch.path, "cache") }, ...options });
}

const pure = { settings: { pureEval: true }, allowed: { mode: "pure" as const, paths: [] } };

/** Directories with a `flake.nix` each; `@/` in their texts is where they are. */
function flakes(scratch: ScratchDirectory, texts: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(join(scratch.path, name), { recursive: true });
    writeFileSync(join(scratch.path, name, "flake.nix"), text.replaceAll("@/", `${scratch.path}/`));
  }
}

const leaf = '{ outputs = { self }: { value = "leaf"; }; }';
const middle =
  '{ inputs.leaf.url = "path:@/leaf"; outputs = { self, leaf }: { value = "middle " + leaf.value; }; }';

test("restricted evaluation gets flakes from anywhere, as Nix 2.34 does", () => {
  using scratch = scratchDirectory();
  flakes(scratch, { leaf, middle });
  const settings = { restrictEval: true };
  const restricted = lab(scratch, { settings, allowed: { mode: "restricted" as const, paths: [] } });
  expect(restricted.print(`(builtins.getFlake "path:${scratch.path}/middle").value`)).toBe('"middle leaf"');
});

describe("without a lock file, what a flake says is fetched as it is", () => {
  test("outputs, inputs and metadata", () => {
    using scratch = scratchDirectory();
    flakes(scratch, {
      leaf,
      middle,
      top: `{
        description = "all kinds of inputs";
        inputs.middle.url = "path:@/middle";
        inputs.leaf.follows = "middle/leaf";
        inputs.other = { url = "path:@/middle"; inputs.leaf.follows = "replaced"; };
        inputs.replaced.url = "path:@/replaced";
        inputs.again = { url = "path:@/middle"; inputs.leaf.url = "path:@/replaced"; };
        inputs.sub.url = "path:./sub";
        inputs.raw = { url = "path:@/leaf"; flake = false; };
        outputs = { self, ... }@inputs: {
          values = map (name: inputs.\${name}.value) [ "middle" "leaf" "other" "again" "sub" ];
          names = builtins.attrNames inputs;
          raw = builtins.pathExists (inputs.raw + "/flake.nix") && !(inputs.raw ? outputs);
          self = self._type + " " + baseNameOf self.sourceInfo.outPath == "flake " + baseNameOf self;
          sub = inputs.sub.outPath == self.outPath + "/sub";
        };
      }`,
      "top/sub":
        '{ inputs.parent = { url = "path:../"; flake = false; }; outputs = { self, parent }: { value = import (parent + "/x.nix"); }; }',
      replaced: leaf.replace('"leaf"', '"replaced"'),
    });
    writeFileSync(join(scratch.path, "top/x.nix"), '"sub"');
    const here = lab(scratch);
    const top = `(builtins.getFlake "path:${scratch.path}/top")`;
    expect(here.print(`${top}.values`)).toBe(
      '[ "middle leaf" "leaf" "middle replaced" "middle replaced" "sub" ]',
    );
    expect(here.print(`with ${top}; [ raw self sub ]`)).toBe("[ true true true ]");
    expect(here.print(`${top}.names`)).toBe(
      '[ "again" "leaf" "middle" "other" "raw" "replaced" "self" "sub" ]',
    );
    expect(here.print(`builtins.attrNames ${top}`)).toBe(
      '[ "_type" "inputs" "lastModified" "lastModifiedDate" "names" "narHash" "outPath" "outputs" "raw" "self" "sourceInfo" "sub" "values" ]',
    );
    expect(here.messages[0]).toBe(
      `warning: not writing modified lock file of flake 'path:${scratch.path}/top'`,
    );
    expect(existsSync(join(scratch.path, "top/flake.lock"))).toBe(false);
  });

  test("in a subdirectory of a Git repository, also with changes", () => {
    using scratch = scratchDirectory();
    const repository = new Repository(join(scratch.path, "repository"));
    const rev = repository.commit({ "sub/flake.nix": leaf });
    const flake = `(builtins.getFlake "git+file://${repository.path}?dir=sub")`;
    expect(lab(scratch).print(`with ${flake}; [ value rev revCount lastModified submodules ]`)).toBe(
      `[ "leaf" "${rev}" 1 1700000000 false ]`,
    );
    expect(lab(scratch).print(`${flake}.outPath == ${flake}.sourceInfo + "/sub"`)).toBe("true");
    repository.write({ "sub/flake.nix": leaf.replace('"leaf"', '"changed"') });
    expect(lab(scratch).print(`with ${flake}; [ value dirtyRev (${flake} ? rev) ]`)).toBe(
      `[ "changed" "${rev}-dirty" false ]`,
    );
  });

  test("its own submodules, when it asks for them", () => {
    using scratch = scratchDirectory();
    new Repository(join(scratch.path, "sub")).commit({ file: "in the submodule" });
    const repository = new Repository(join(scratch.path, "top"));
    repository.commit({
      "flake.nix":
        '{ inputs.self.submodules = true; outputs = { self }: { value = builtins.readFile (self + "/m/file"); }; }',
    });
    repository.git("submodule", "add", "../sub", "m");
    repository.commit();
    const url = `git+file://${repository.path}?ref=main`;
    expect(lab(scratch).print(`(builtins.getFlake "${url}").value`)).toBe('"in the submodule"');
  });
});

describe("the lock file", () => {
  /** A flake whose input is locked to the first of two commits. */
  function locked(scratch: ScratchDirectory, change: (lock: string) => string = (lock) => lock) {
    const input = new Repository(join(scratch.path, "input"));
    const rev = input.commit({ "flake.nix": leaf });
    const url = `file://${input.path}`;
    const narHash = JSON.parse(
      lab(scratch).print(`(fetchGit { url = "${url}"; rev = "${rev}"; exportIgnore = false; }).narHash`),
    ) as string;
    input.commit({ "flake.nix": leaf.replace('"leaf"', '"newer"') });
    const node = {
      locked: { type: "git", url, ref: "main", rev, narHash, lastModified: 5, revCount: 7 },
      original: { type: "git", url },
    };
    const lock = { version: 7, root: "root", nodes: { root: { inputs: { leaf: "leaf" } }, leaf: node } };
    const top = new Repository(join(scratch.path, "top"));
    const flake = `{ inputs.leaf.url = "git+${url}"; outputs = { self, leaf, ... }: { inherit (leaf) value rev lastModified revCount; }; }`;
    const commit = top.commit({ "flake.nix": flake, "flake.lock": change(JSON.stringify(lock)) });
    return { top, url: `git+file://${top.path}?rev=${commit}`, rev, narHash };
  }

  test("says what the inputs are, also in pure evaluation", () => {
    using scratch = scratchDirectory();
    const { url, rev } = locked(scratch);
    const here = lab(scratch, pure);
    expect(
      here.print(
        `with builtins.getFlake "${url}"; [ value outputs.rev outputs.lastModified outputs.revCount ]`,
      ),
    ).toBe(`[ "leaf" "${rev}" 5 7 ]`);
    expect(here.messages).toEqual([]);
  });

  test("is needed by pure evaluation, as is a locked reference", () => {
    using scratch = scratchDirectory();
    const { top, url } = locked(scratch, (lock) => lock.replaceAll('"leaf"', '"other"'));
    expect(lab(scratch, pure).fail(`builtins.getFlake "${url}"`).message).toBe(
      "cannot update unlocked flake input 'leaf' in pure mode",
    );
    expect(lab(scratch).print(`(builtins.getFlake "${url}").value`)).toBe('"newer"');
    expect(lab(scratch).print(`(builtins.getFlake "${url}") ? shortRev`)).toBe("false");
    expect(lab(scratch, pure).fail(`builtins.getFlake "git+file://${top.path}"`).message).toBe(
      `cannot call 'getFlake' on unlocked flake reference 'git+file://${top.path}' (use --impure to override)`,
    );
  });

  test("is checked", () => {
    using scratch = scratchDirectory();
    const wrong = `sha256-${"A".repeat(43)}=`;
    const { url, narHash } = locked(scratch, (lock) => lock.replace(/sha256-[^"]*/, wrong));
    expect(lab(scratch).fail(`(builtins.getFlake "${url}").value`).message).toContain(
      `expected '${wrong}' but got '${narHash}'`,
    );
  });

  test.each([
    [(lock: string) => lock.replace('"version":7', '"version":8'), "has unsupported version 8"],
    [(lock: string) => lock.slice(0, -5), "could not parse "],
    [
      (lock: string) => lock.replace(/"rev":"[^"]*","narHash":"[^"]*",/, ""),
      "lock file contains unlocked input ",
    ],
    [(lock: string) => lock.replace('"leaf":{', '"left":{'), "references missing node 'leaf'"],
    [(lock: string) => lock.replace('"locked":', '"lucked":'), "misses attribute 'locked'"],
    [(lock: string) => lock.replace('"inputs":{"leaf":"leaf"}', '"inputs":{"leaf":1}'), "is not valid"],
    [(lock: string) => lock.replace('"leaf":"leaf"', '"leaf":"root"'), "contains cycle to root node"],
  ])("is refused when it is damaged (%#)", (change, message) => {
    using scratch = scratchDirectory();
    const { url } = locked(scratch, change);
    expect(lab(scratch).fail(`builtins.getFlake "${url}"`).message).toContain(message);
  });
});

test.each([
  ["{ inputs = let x = 1; in { }; outputs = x: { }; }", "expected a value but got a thunk"],
  ['{ description = "a" + "b"; outputs = x: { }; }', "expected a string but got a thunk"],
  ["{ outputs = import ./x.nix; }", "expected a function but got a thunk"],
  ["{ outputs = 1; }", "expected a function but found an integer"],
  ["{ foo = 1; outputs = x: { }; }", "has an unsupported attribute 'foo'"],
  ["{ }", "lacks attribute 'outputs'"],
  ["let x = 1; in { outputs = x: { }; }", "must be an attribute set"],
  [
    '{ inputs.a = { url = "path:./x"; follows = "b"; }; outputs = x: { }; }',
    "flake input 'a' has both a flake reference and a follows attribute",
  ],
  ['{ inputs.x.follows = "y"; outputs = x: { }; }', "input 'x' follows a non-existent input 'y'"],
  [
    '{ inputs.x.follows = "y"; inputs.y.follows = "x"; outputs = x: { }; }',
    "follow cycle detected: [y -> x -> y]",
  ],
  ['{ inputs.x.follows = "1"; outputs = x: { }; }', "invalid flake input attribute path element '1'"],
  [
    '{ inputs.x = { url = "path:/x"; foo = 1; }; outputs = x: { }; }',
    "unexpected flake input attribute 'foo'",
  ],
  [
    '{ inputs.x = { type = "path"; path = [ ]; }; outputs = x: { }; }',
    "flake input attribute 'path' is a list while a string, Boolean, or integer is expected",
  ],
  ['{ inputs.x.url = "path:/nonexistent"; outputs = x: { }; }', "path '/nonexistent' does not exist"],
  ["{ outputs = { self, nixpkgs }: { }; }", "cannot fetch 'flake:nixpkgs': Nixus asks no flake registry"],
  ['{ inputs.x.url = "path:@/flake"; outputs = x: { }; }', "found circular import of flake 'path:@/flake'"],
  ["{ outputs = x: 1; }", "expected a set but found an integer"],
])("refuses %s", (text, message) => {
  using scratch = scratchDirectory();
  flakes(scratch, { flake: text });
  expect(lab(scratch).fail(`builtins.getFlake "${scratch.path}/flake"`).message).toContain(
    message.replaceAll("@/", `${scratch.path}/`),
  );
});

test("a directory without a flake", () => {
  using scratch = scratchDirectory();
  mkdirSync(join(scratch.path, "none"));
  expect(lab(scratch).fail(`builtins.getFlake "${scratch.path}/none"`).message).toMatch(
    /flake\.nix' does not exist$/,
  );
});

test("references are taken apart and put together", () => {
  using scratch = scratchDirectory();
  const here = lab(scratch);
  expect(here.print('builtins.parseFlakeRef "github:NixOS/nixpkgs/23.05?dir=lib"')).toBe(
    '{ dir = "lib"; owner = "NixOS"; ref = "23.05"; repo = "nixpkgs"; type = "github"; }',
  );
  expect(
    here.print(
      'builtins.flakeRefToString { dir = "lib"; owner = "NixOS"; ref = "23.05"; repo = "nixpkgs"; type = "github"; }',
    ),
  ).toBe('"github:NixOS/nixpkgs/23.05?dir=lib"');
  expect(here.fail('builtins.flakeRefToString { type = "path"; path = ./.; }').message).toBe(
    "flake reference attribute sets may only contain integers, Booleans, and strings, but attribute 'path' is a path",
  );
  expect(here.fail("builtins.flakeRefToString { revCount = -1; }").message).toBe(
    "negative value given for flake ref attr revCount: -1",
  );
});
