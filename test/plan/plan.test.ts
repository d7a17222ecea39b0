import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EvaluatedNode } from "../../src/fleet/evaluated.ts";
import { buildPlace } from "../../src/plan/build.ts";
import { type Facts, parseFacts } from "../../src/plan/facts.ts";
import { type Plan, plan, type Wanted } from "../../src/plan/plan.ts";
import { factsText, fitFacts } from "../deploy/rig/fake-machine.ts";
import { trivialNetwork } from "../deploy/trivial-system.ts";

const network = trivialNetwork("new", {}, { name: "foo", host: "foo" });
const [node] = network.nodes as [EvaluatedNode];
const baseline = node.baseline!;
const switcher = "/nix/store/switcher";
const old = fitFacts["currentSystem"];

function wantedOf(change: Partial<EvaluatedNode> = {}): Wanted {
  return { node: { ...node, ...change }, switcher, place: { type: "local" }, narSize: () => 1000 };
}

function factsOf(change: Partial<Facts> = {}): Facts {
  return { ...parseFacts(factsText(fitFacts)), ...change };
}

function planned(facts: Partial<Facts>, change: Partial<EvaluatedNode> = {}): Plan {
  return plan(wantedOf(change), factsOf(facts));
}

describe("a plan", () => {
  test("sends only what is missing, references before referrers, and the switcher", () => {
    expect(planned({ missing: new Set([switcher, node.toplevel, "/nix/store/other"]) })).toEqual({
      type: "deploy",
      warnings: [],
      steps: [
        { type: "copy", paths: [node.toplevel, switcher], size: 2000, closure: null },
        { type: "switch", system: node.toplevel, previous: old },
      ],
    });
    expect(planned({})).toMatchObject({ steps: [{ type: "switch" }] });
  });

  test.each([
    ["local", true, { type: "local" }],
    ["local", false, { type: "target" }],
    ["target", true, { type: "target" }],
    ["me@builder", true, { type: "builder", destination: "me@builder" }],
  ])(
    "builds %s (with a Nix here: %s) what the machine lacks, and copies it from there",
    (buildOn, local, place) => {
      const derivation = "/nix/store/system.drv";
      const source = { type: "derivation", derivation, output: "out" } as const;
      const given = { path: "/nix/store/given", source: { type: "store" } } as const;
      const wanted: Wanted = {
        ...wantedOf({ source, closure: [], closurePaths: [given] }),
        place: buildPlace(buildOn, local),
      };
      expect(wanted.place).toEqual(place);
      const steps = (missing: readonly string[]) => {
        const result = plan(wanted, factsOf({ missing: new Set(missing) }));
        return result.type === "deploy" ? result.steps.slice(0, -1) : result;
      };
      const build = { type: "build", place, builds: [{ derivation, output: "out", path: node.toplevel }] };
      const copy = (paths: readonly string[]) => ({
        ...{ type: "copy", paths: [], size: 0 },
        closure: { from: place, paths, free: factsOf().freeStore },
      });
      const isTarget = place.type === "target";
      expect(steps([node.toplevel])).toEqual(isTarget ? [build] : [build, copy([node.toplevel])]);
      expect(steps([given.path])).toEqual([copy([given.path])]);
      expect(steps([])).toEqual([]);
    },
  );

  test("goes back to what runs, else to what would boot, else to generation 0", () => {
    const previous = (facts: Partial<Facts>) => {
      const result = planned(facts);
      return result.type === "deploy" ? result.steps.at(-1) : result;
    };
    expect(previous({ currentSystem: null })).toMatchObject({ previous: old });
    expect(previous({ currentSystem: null, profile: null })).toMatchObject({ previous: baseline });
    expect(planned({ currentSystem: null, profile: null }, { baseline: null })).toMatchObject({
      type: "refuse",
      problem: expect.stringContaining("no system that it could go back to"),
    });
  });

  test("is nothing only when the system runs and boots, and no one left a lock", () => {
    const done = { currentSystem: node.toplevel, profile: node.toplevel };
    const lock = { id: "a", by: "me", since: 1, state: "", live: false };
    expect(planned(done)).toEqual({ type: "unchanged" });
    expect(planned({ ...done, profile: old! })).toMatchObject({ type: "deploy" });
    expect(planned({ ...done, currentSystem: old! })).toMatchObject({ type: "deploy" });
    expect(planned({ ...done, lock })).toMatchObject({ type: "deploy" });
    expect(planned({ ...done, missingPackages: ["bind9"] })).toMatchObject({ type: "deploy" });
  });

  test("restarts a machine that runs the system and was not started with it, where that was asked for", () => {
    const booted = "/nix/store/booted";
    const done = { currentSystem: node.toplevel, profile: node.toplevel, bootedSystem: booted };
    const waits: Partial<Facts> = { ...done, bootedDiffers: ["kernel"] };
    const restart = { type: "restart", system: node.toplevel, previous: booted };
    expect(planned(waits)).toEqual({ type: "unchanged" });
    expect(planned(done, { rebootPolicy: "always" })).toEqual({ type: "unchanged" });
    for (const rebootPolicy of ["ifNeeded", "always"] as const) {
      expect(planned(waits, { rebootPolicy })).toMatchObject({ type: "deploy", steps: [restart] });
    }
    const asked = plan({ ...wantedOf(), reboot: true }, factsOf({ ...waits, missing: new Set([switcher]) }));
    expect(asked).toMatchObject({ steps: [{ type: "copy", paths: [switcher] }, restart] });
    // It boots another system: that is switched first.
    expect(planned({ ...waits, profile: old! }, { rebootPolicy: "ifNeeded" })).toMatchObject({
      steps: [{ type: "switch", previous: node.toplevel }],
    });
  });

  test("installs packages before the switch, where the package manager is known", () => {
    const steps = [{ type: "install-packages", packages: ["bind9"] }, { type: "switch" }];
    expect(planned({ missingPackages: ["bind9"] })).toMatchObject({ steps });
    expect(planned({ missingPackages: ["bind9"], packageManager: null })).toMatchObject({
      problem: expect.stringContaining("by hand: bind9"),
    });
  });

  test.each<[string, Partial<Facts>, string]>([
    ["not root", { uid: 1000 }, "uid 1000"],
    ["no systemd", { systemd: null, init: "busybox" }, "first process is busybox"],
    ["an old systemd", { systemd: 239 }, "version 239"],
    ["no Nix", { nixVersion: null }, "install it"],
    ["a store that can't be asked", { storeProblem: "database is locked" }, "database is locked"],
    [
      "a Nix that does not run",
      { nixVersion: null, storeProblem: "remounting /nix/store writable" },
      "remounting",
    ],
    ["another processor", { machine: "riscv64" }, "processor is riscv64"],
    ["missing programs", { missingTools: ["flock"] }, "flock"],
    ["a full state directory", { freeState: 1000 }, "/var/lib"],
    ["no room for the closure", { freeStore: 2e7, missing: new Set([switcher]) }, ""],
  ])("is refused with %s", (_name, facts, problem) => {
    const wanted = { ...wantedOf(), narSize: () => 1e7 };
    expect(plan(wanted, factsOf(facts))).toMatchObject({
      type: "refuse",
      problem: expect.stringContaining(problem),
    });
  });

  test("is refused when a path can be had from nowhere", () => {
    const wanted = { ...wantedOf(), narSize: () => undefined };
    const problem = plan(wanted, factsOf({ missing: new Set([node.toplevel]) }));
    expect(problem).toMatchObject({ problem: expect.stringContaining(node.toplevel) });
  });

  test.each([
    ["x86_64", "x86_64-linux", true],
    ["x86_64", "i686-linux", true],
    ["aarch64", "aarch64-linux", true],
    ["aarch64", "x86_64-linux", false],
    ["i686", "x86_64-linux", false],
    ["armv7l", "armv6l-linux", true],
  ])("a machine of %s runs %s: %s", (machine, system, runs) => {
    expect(planned({ machine }, { system }).type).toBe(runs ? "deploy" : "refuse");
  });

  test("never begins while another deployment lives, and always ends with the switch", () => {
    const facts = fc.record({
      currentSystem: fc.constantFrom(null, old!, node.toplevel),
      profile: fc.constantFrom(null, old!, node.toplevel),
      missing: fc.subarray([switcher, node.toplevel, baseline]).map((paths) => new Set(paths)),
      missingPackages: fc.subarray(["a", "b"]),
      lock: fc.option(
        fc.record({
          id: fc.constant("a"),
          by: fc.string(),
          since: fc.nat(),
          state: fc.string(),
          live: fc.boolean(),
        }),
      ),
    });
    fc.assert(
      fc.property(facts, (change) => {
        const result = planned(change);
        if (change.lock?.live) expect(result.type).toBe("refuse");
        if (result.type === "deploy") {
          expect(result.steps.filter(({ type }) => type === "switch")).toHaveLength(1);
          expect(result.steps.at(-1)?.type).toBe("switch");
        }
      }),
    );
  });
});
