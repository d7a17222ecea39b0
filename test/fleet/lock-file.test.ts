import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { LockFile, LockFileError, type LockSection } from "../../src/fleet/lock-file.ts";
import { NetworkLock } from "../../src/fleet/network/lock.ts";
import { readLockFile, updateLockFile } from "../../src/fleet/update-lock-file.ts";
import { NixError } from "../../src/lang/eval/errors.ts";
import { fromText, toText } from "../../src/store/bytes.ts";
import { networkOf } from "./network-of.ts";

type Names = Record<string, string>;
const section: LockSection<Names> = {
  name: "mine",
  schema: () => z.record(z.string(), z.string()),
  empty: {},
};
const other: LockSection<Names> = { ...section, name: "other" };

function errorOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof LockFileError) return error.message;
    throw error;
  }
  throw new Error("expected a LockFileError");
}

const file = (text: string) => `{\n  "version": 1,\n${text}}\n`;

describe("the format", () => {
  it("has one entry on each line, names sorted, also those that look like numbers", () => {
    const lock = LockFile.empty("nixus.lock")
      .with(other, { a: "1" })
      .with(section, { b: "2", "10": "x", A: "y" });
    expect(lock.render()).toBe(`{
  "version": 1,
  "mine": {
    "10": "x",
    "A": "y",
    "b": "2"
  },
  "other": {
    "a": "1"
  }
}
`);
  });

  it("keeps sections that it does not know", () => {
    const text = file(
      `  "future": {\n    "x": [\n      1,\n      null,\n      {}\n    ]\n  },\n  "mine": {\n    "a": "b"\n  }\n`,
    );
    const lock = LockFile.parse("nixus.lock", text);
    expect(lock.render()).toBe(text);
    expect(lock.with(section, {}).render()).toContain('"future"');
    expect(lock.with(section, {}).render()).not.toContain('"mine"');
  });

  it("reads back what it wrote, and writes it the same", () => {
    const names = fc.dictionary(
      fc.string().filter((name) => name !== "__proto__"),
      fc.string(),
    );
    fc.assert(
      fc.property(names, names, (mine, theirs) => {
        const lock = LockFile.empty("x").with(section, mine).with(other, theirs);
        const again = LockFile.parse("x", lock.render());
        expect(again.get(section)).toEqual({ ...mine });
        expect(again.get(other)).toEqual({ ...theirs });
        expect(again.render()).toBe(lock.render());
        expect(LockFile.empty("x").with(other, theirs).with(section, mine).render()).toBe(lock.render());
      }),
    );
  });

  it("is merged by git when two branches add entries in different places", async () => {
    const directory = mkdtempSync(join(tmpdir(), "nixus-lock-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const base = LockFile.empty("x").with(section, { d: "1", h: "2", m: "3", s: "4" });
    const ours = base.with(section, { ...base.get(section), a: "ours" });
    const theirs = base.with(section, { ...base.get(section), k: "theirs" });
    for (const [name, lock] of Object.entries({ base, ours, theirs })) {
      writeFileSync(join(directory, name), lock.render());
    }
    const { stdout } = await execa("git", ["merge-file", "-p", "ours", "base", "theirs"], { cwd: directory });
    const merged = { ...ours.get(section), ...theirs.get(section) };
    expect(`${stdout}\n`).toBe(base.with(section, merged).render());
  });
});

describe("a file that cannot be read says why", () => {
  it.each([
    ["{", "is not JSON"],
    ['{\n  "version": 1,\n  x\n}', "'nixus.lock' line 3 is not JSON"],
    ["[]", "it is not a JSON object"],
    ["{}", 'it has no "version"'],
    ['{"version": "1"}', 'it has no "version"'],
    ['{"version": 2}', "written by a newer nixus (version 2 of the format; this one reads 1); update nixus"],
    [
      file('<<<<<<< HEAD\n  "a": {}\n=======\n  "b": {}\n>>>>>>> other\n'),
      "'nixus.lock' line 3: git left a merge conflict here",
    ],
  ])("%j", (text, message) => {
    expect(errorOf(() => LockFile.parse("nixus.lock", text))).toContain(message);
  });

  it("names the entry of a section that is not what its module writes", () => {
    const lock = LockFile.parse("nixus.lock", file('  "mine": { "a": 1 }\n'));
    expect(errorOf(() => lock.get(section))).toMatch(/^'nixus.lock': "mine"."a": .*string/);
  });
});

describe("on disk", () => {
  function network(): string {
    const directory = mkdtempSync(join(tmpdir(), "nixus-lock-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    return join(directory, "default.nix");
  }

  it("is written whole, and not at all when nothing changed", () => {
    const networkFile = network();
    const path = join(dirname(networkFile), "nixus.lock");
    expect(updateLockFile(networkFile, (lock) => lock)).toBe(false);
    expect(readdirSync(dirname(networkFile))).toEqual([]);
    expect(updateLockFile(networkFile, (lock) => lock.with(section, { a: "1" }))).toBe(true);
    const { ino } = lstatSync(path);
    expect(updateLockFile(networkFile, (lock) => lock.with(section, { a: "1" }))).toBe(false);
    expect(lstatSync(path).ino).toBe(ino);
    expect(readLockFile(networkFile).get(section)).toEqual({ a: "1" });
    expect(readdirSync(dirname(networkFile))).toEqual(["nixus.lock"]);
  });

  it("leaves the file as it is when a change fails", () => {
    const networkFile = network();
    updateLockFile(networkFile, (lock) => lock.with(section, { a: "1" }));
    const failing = () =>
      updateLockFile(networkFile, () => {
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect(readLockFile(networkFile).get(section)).toEqual({ a: "1" });
  });

  it("writes through a link", () => {
    const networkFile = network();
    const directory = dirname(networkFile);
    writeFileSync(join(directory, "real"), file("").replace(",\n}", "\n}"));
    symlinkSync("real", join(directory, "nixus.lock"));
    updateLockFile(networkFile, (lock) => lock.with(section, { a: "1" }));
    expect(lstatSync(join(directory, "nixus.lock")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, "real"), "utf8")).toContain('"a": "1"');
  });
});

describe("in an evaluation", () => {
  it("is read through the host, which records the file, or that it is absent", () => {
    const { host, network } = networkOf({ "default.nix": "{ }" });
    const path = join(dirname(toText(network.file)), "nixus.lock");
    expect(network.lock.get(section)).toEqual({});
    expect(host.reads.types.get(fromText(path))).toBe("absent");

    const present = networkOf({ "default.nix": "{ }", "nixus.lock": file('  "mine": { "ä": "ö" }\n') });
    expect(present.network.lock.get(section)).toEqual({ ä: "ö" });
    expect([...present.host.reads.files.keys()]).toContain(
      fromText(join(dirname(toText(present.network.file)), "nixus.lock")),
    );
  });

  it("fails as an evaluation does", () => {
    const { network } = networkOf({ "default.nix": "{ }", "nixus.lock": "{" });
    expect(network.lock).toBeInstanceOf(NetworkLock);
    expect(() => network.lock.get(section)).toThrow(NixError);
  });
});
