import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { StateError, stateDirectory } from "../../src/deploy/state/directory.ts";
import { readLastSeen, rememberSeen } from "../../src/deploy/state/last-seen.ts";
import { readMissed, rememberMissed } from "../../src/deploy/state/missed.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { trivialNetwork } from "./trivial-system.ts";

let home: string;
let directory: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "nixus-state-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  directory = stateDirectory("/network/default.nix", { XDG_STATE_HOME: home });
});

test("each network has a directory of its own, where the specification says", () => {
  expect(directory).toMatch(new RegExp(`^${home}/nixus/[0-9a-f]{16}$`));
  expect(stateDirectory("/other.nix", { XDG_STATE_HOME: home })).not.toBe(directory);
  const usual = stateDirectory("/network/default.nix", { HOME: "/home/me", XDG_STATE_HOME: "relative" });
  expect(usual).toMatch(/^\/home\/me\/\.local\/state\/nixus\//);
});

describe("last seen", () => {
  test("is remembered for each machine, until something else is known", () => {
    expect(readLastSeen(directory)).toEqual(new Map());
    rememberSeen(directory, "/network/default.nix", [
      { node: "a", runs: "/nix/store/1" },
      { node: "b", runs: "/nix/store/2" },
    ]);
    rememberSeen(directory, "/network/default.nix", [
      { node: "a", runs: null },
      { node: "b", runs: "/nix/store/3" },
    ]);
    expect(readLastSeen(directory)).toEqual(
      new Map([
        ["a", "/nix/store/1"],
        ["b", "/nix/store/3"],
      ]),
    );
    expect(statSync(join(directory, "machines.json")).mode & 0o777).toBe(0o600);
  });

  test.each(["{", `{"version":2}`, "[]"])("a broken file is an error that says what to do: %s", (text) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "machines.json"), text);
    expect(() => readLastSeen(directory)).toThrow(StateError);
    expect(() => readLastSeen(directory)).toThrow("remove it");
  });
});

describe("what was missed", () => {
  const network = trivialNetwork("new", {}, { name: "a", host: "a" });
  const two = { ...network, nodes: [network.nodes[0]!, { ...network.nodes[0]!, name: "b" }] };

  test("is the nodes with the objects of their systems", () => {
    rememberMissed(directory, two, new Set(["b"]));
    const missed = readMissed(directory)!;
    expect(missed.nodes.map(({ name }) => name)).toEqual(["b"]);
    expect(missed.objects.map(({ path }) => path)).toEqual(network.objects.map(({ path }) => path));
    rememberMissed(directory, two, new Set());
    expect(readMissed(directory)).toBeUndefined();
  });

  test("takes the place of what another process remembers at the same time, or fails with what to do", () => {
    rememberMissed(directory, two, new Set(["a"]));
    // Another one's, that is not finished yet.
    mkdirSync(join(directory, "missed.other/files"), { recursive: true });
    rememberMissed(directory, two, new Set(["b"]));
    expect(readMissed(directory)!.nodes.map(({ name }) => name)).toEqual(["b"]);
    expect(readdirSync(directory).sort()).toEqual(["missed", "missed.other"]);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "in the way");
    expect(() => rememberMissed(directory, two, new Set(["a"]))).toThrow(StateError);
    expect(() => rememberMissed(directory, two, new Set())).toThrow(StateError);
  });

  test("files of this machine are kept as they were", () => {
    const file = join(home, "file");
    writeFileSync(file, "before");
    const store = new VirtualStore();
    const path = store.addTree("x", {
      type: "directory",
      entries: new Map([
        ["f", { type: "regular", executable: false, contents: { sourcePath: file, size: 6 } }],
      ]),
    });
    const [node] = network.nodes;
    const withFile = { ...network, objects: store.closure([path]), nodes: [{ ...node!, closure: [path] }] };
    rememberMissed(directory, withFile, new Set(["a"]));
    writeFileSync(file, "after");
    const kept = () => {
      const tree = readMissed(directory)!.objects[0]!.tree;
      const entry = tree.type === "directory" ? tree.entries.get("f") : undefined;
      if (entry?.type !== "regular" || entry.contents instanceof Uint8Array) throw new Error("no file");
      return readFileSync(entry.contents.sourcePath, "utf8");
    };
    expect(kept()).toBe("before");
    // Resumed, and missed again.
    rememberMissed(directory, readMissed(directory)!, new Set(["a"]));
    expect(kept()).toBe("before");
  });

  test("of another version is an error", () => {
    rememberMissed(directory, network, new Set(["a"]));
    writeFileSync(join(directory, "missed/network"), "x");
    expect(() => readMissed(directory)).toThrow(StateError);
  });
});
