/** The switcher's protocol, explored: whatever happens, the machine ends on a system that was confirmed or the previous. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Exploration, explain, explore } from "./model/explore.ts";
import { asWritten, initialMachine, type Rules } from "./model/model.ts";

const target = join(import.meta.dirname, "../../src/deploy/target");
const scripts = readdirSync(target)
  .filter((name) => name.endsWith(".sh"))
  .map((name) => readFileSync(join(target, name), "utf8"))
  .join("\n");

function expectNoCounterexample({ counterexample }: Exploration): void {
  if (counterexample !== undefined) expect.fail(explain(counterexample));
}

// Some take long on a machine that has other things to do.
describe("every reachable state", { timeout: 300_000 }, () => {
  test.each([
    { bootsFrom: "loader", profile: "old", faults: 3, seconds: false, reboots: false },
    { bootsFrom: "loader", profile: null, faults: 2, seconds: false, reboots: false },
    { bootsFrom: "profile", profile: "old", faults: 2, seconds: false, reboots: false },
    { bootsFrom: "profile", profile: null, faults: 3, seconds: false, reboots: false },
    { bootsFrom: "loader", profile: "old", faults: 1, seconds: true, reboots: false },
    { bootsFrom: "profile", profile: null, faults: 1, seconds: true, reboots: false },
    { bootsFrom: "loader", profile: "old", faults: 3, seconds: false, reboots: true },
    { bootsFrom: "profile", profile: null, faults: 2, seconds: false, reboots: true },
    { bootsFrom: "loader", profile: "old", faults: 1, seconds: true, reboots: true },
    { bootsFrom: "loader", profile: "new", faults: 3, seconds: false, reboots: true },
    { bootsFrom: "loader", profile: "new", faults: 1, seconds: true, reboots: true },
  ] as const)("leads to a good end: %o", (options) => {
    const exploration = explore(initialMachine(options), asWritten);
    expectNoCounterexample(exploration);
    expect(exploration.ends).toBeGreaterThan(10);
    for (const outcome of ["activated", "rolled-back", "failed"]) {
      expect([...exploration.labels]).toContain(`deployer a: reports ${outcome}`);
    }
  });
});

describe("what the scripts once did is refuted", { timeout: 300_000 }, () => {
  const refuted: Record<keyof Rules, number> = {
    settlesByWhatRuns: 2,
    everyRollBackUndoes: 2,
    undoSyncs: 2,
    revivesTheDead: 2,
    finishesRecords: 2,
    takesWordBack: 3,
    resultFollowsHistory: 2,
    adoptsNoRecorded: 2,
    locksBeforeMark: 1,
    settleClearsMark: 2,
    goesOnAfterBoot: 1,
    restartsWhenMarked: 2,
  };
  const ofRestarts = ["locksBeforeMark", "settleClearsMark", "goesOnAfterBoot", "restartsWhenMarked"];
  test.each(Object.entries(refuted))("without %s", (rule, faults) => {
    const reboots = ofRestarts.includes(rule);
    const initial = initialMachine({ bootsFrom: "loader", profile: "old", faults, seconds: false, reboots });
    const { counterexample } = explore(initial, { ...asWritten, [rule]: false });
    expect(counterexample?.problem).toBeDefined();
    expect(counterexample?.trace.length).toBeGreaterThan(5);
  });
});

describe("the model knows what the scripts have", () => {
  const source = readdirSync(join(import.meta.dirname, "model"))
    .map((name) => readFileSync(join(import.meta.dirname, "model", name), "utf8"))
    .join("\n");

  /** All that a pattern's first group matches in the scripts. */
  const named = (pattern: RegExp): string[] => [
    ...new Set([...scripts.matchAll(pattern)].map(([, name = ""]) => name)),
  ];

  test("states", () => {
    const states = [
      ...named(/\bwrite_state ([a-z-]+) /g),
      ...named(/\b(?:change_state|adopt) "[^"]*" ([a-z-]+) /g),
      ...named(/\btake_over \d+ ([a-z-]+) /g),
    ];
    expect([...new Set(states)].sort()).toEqual(
      [
        ...[
          "activating",
          "booting",
          "committing",
          "preparing",
          "rebooting",
          "rolling-back",
          "starting",
          "waiting",
        ],
      ].sort(),
    );
    for (const state of states) expect(source).toContain(`"${state}"`);
  });

  test("outcomes", () => {
    const outcomes = named(
      /(?<!_)\b(?:record_end|end|take_from_the_dead) (activated|rolled-back|[a-z-]+) "/g,
    );
    expect(outcomes.filter((outcome) => outcome !== "recorded").sort()).toEqual(
      ["activated", "failed", "interrupted", "rolled-back"].sort(),
    );
  });

  test("what the watchdog decides", () => {
    expect(named(/\btake_over (\d+ [a-z"$-]+)/g).sort()).toEqual(
      [
        ...["10 preparing", "11 rolling-back", "12 committing", "13 rebooting", '14 "$'],
        ...["15 booting", "16 booting"],
      ].sort(),
    );
  });

  test("commands, and what is done in the mutex", () => {
    expect(named(/^command_([a-z]+)\(\)/gm).sort()).toEqual(
      [
        ...[
          "boot",
          "confirm",
          "follow",
          "hold",
          "reject",
          "result",
          "run",
          "start",
          "status",
          "watch",
          "withdraw",
        ],
      ].sort(),
    );
    const exclusive = named(/\bexclusively ([a-z_]+)\b/g);
    expect(exclusive.sort()).toEqual(
      [
        ...[
          "abandon",
          "adopt",
          "after_boot",
          "amend_lock",
          "begin",
          "change_state",
          "decide",
          "give_word",
          "prolong",
          "put_withdrawn",
        ],
        ...["record_end", "settle_lock", "stand_in"],
      ].sort(),
    );
    for (const name of exclusive) expect(source, name).toMatch(new RegExp(`\\b${name}\\b`));
  });
});
