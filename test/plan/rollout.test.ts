import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/events/event.ts";
import {
  batchNodes,
  planRollout,
  RolloutError,
  type RolloutNode,
  type RolloutOptions,
} from "../../src/plan/rollout.ts";
import { decide, isFailure } from "../../src/plan/rollout-progress.ts";

const node = (name: string, after: string[] = [], atomicGroup: string | null = null): RolloutNode => ({
  ...{ name, after, atomicGroup },
});
const none: RolloutOptions = { batch: null, canaries: [] };
const batches = (nodes: RolloutNode[], options: Partial<RolloutOptions> = {}) =>
  planRollout(nodes, { ...none, ...options }).map(batchNodes);

describe("the batches of a rollout", () => {
  const six = ["a", "b", "c", "d", "e", "f"].map((name) => node(name));
  test.each<[string, Partial<RolloutOptions>, string[][]]>([
    ["all at once", {}, [["a", "b", "c", "d", "e", "f"]]],
    [
      "so many",
      { batch: { type: "count", count: 4 } },
      [
        ["a", "b", "c", "d"],
        ["e", "f"],
      ],
    ],
    [
      "a share, rounded up",
      { batch: { type: "share", percent: 25 } },
      [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
      ],
    ],
    [
      "a share of little",
      { batch: { type: "share", percent: 1 } },
      [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]],
    ],
    [
      "canaries",
      { canaries: ["c", "e"] },
      [
        ["c", "e"],
        ["a", "b", "d", "f"],
      ],
    ],
    [
      "canaries, then half of the rest",
      { canaries: ["c"], batch: { type: "share", percent: 50 } },
      [["c"], ["a", "b", "d"], ["e", "f"]],
    ],
  ])("%s", (_name, options, expected) => expect(batches(six, options)).toEqual(expected));

  test("dependencies come first, also those of canaries", () => {
    const nodes = [node("web", ["db", "absent"]), node("db"), node("other")];
    expect(batches(nodes, { batch: { type: "count", count: 1 } })).toEqual([["db"], ["web"], ["other"]]);
    expect(batches(nodes, { canaries: ["web"] })).toEqual([["db", "web"], ["other"]]);
  });

  test("atomic groups are not divided", () => {
    const nodes = [node("a", [], "g"), node("b"), node("c", [], "g"), node("d", ["b"], "g")];
    const options: Partial<RolloutOptions> = { batch: { type: "count", count: 2 } };
    expect(batches(nodes, options)).toEqual([["b"], ["a", "c", "d"]]);
    expect(batches(nodes, { canaries: ["c"] })).toEqual([["b", "a", "c", "d"]]);
  });

  test.each([
    [[node("a", ["a"])], "node 'a' can't come after itself"],
    [
      [node("a", ["b"]), node("b", ["c"]), node("c", ["a"])],
      "'a' comes after 'b', 'b' comes after 'c', 'c' comes after 'a'",
    ],
    [[node("x", ["a"]), node("a", ["b"]), node("b", ["a"])], ": 'a' comes after 'b', 'b' comes after 'a'"],
    [[node("a", ["b"], "g"), node("b", [], "g")], "both are in the atomic group 'g'"],
    [
      [node("a", ["x"], "g"), node("b", [], "g"), node("x", ["b"])],
      "'b' is switched together with 'a' (atomic group 'g'), 'a' comes after 'x', 'x' comes after 'b'",
    ],
  ])("an order that is impossible: %j", (nodes, message) => {
    expect(() => batches(nodes)).toThrow(RolloutError);
    expect(() => batches(nodes)).toThrow(message);
  });
});

/** Networks without cycles: a node comes only after those with a smaller number; groups are of neighbours. */
const networks = fc
  .array(fc.record({ after: fc.array(fc.nat(30), { maxLength: 3 }), group: fc.option(fc.nat(2)) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((drafts) =>
    drafts.map(({ after, group }, index) => {
      const [part, within] = [Math.floor(index / 6), group];
      return node(
        `n${index}`,
        after.filter((other) => Math.floor(other / 6) < part).map((other) => `n${other}`),
        within === null ? null : `g${part}-${within}`,
      );
    }),
  );
const options = fc.record<RolloutOptions>({
  batch: fc.option(
    fc.oneof(
      fc.record({ type: fc.constant("count" as const), count: fc.integer({ min: 1, max: 8 }) }),
      fc.record({ type: fc.constant("share" as const), percent: fc.integer({ min: 1, max: 100 }) }),
    ),
  ),
  canaries: fc.array(
    fc.nat(30).map((number) => `n${number}`),
    { maxLength: 3 },
  ),
});
const outcomes = fc.array(
  fc.constantFrom<Outcome>("activated", "unchanged", "failed", "rolled-back", "skipped"),
  {
    minLength: 30,
    maxLength: 30,
  },
);

describe("whatever the network", () => {
  test("each node is deployed once, after what it comes after, groups as a whole, batches within their limit", () => {
    fc.assert(
      fc.property(networks, options, (nodes, wanted) => {
        const rollout = planRollout(nodes, wanted);
        const order = rollout.flatMap(batchNodes);
        expect([...order].sort()).toEqual(nodes.map(({ name }) => name).sort());
        const units = rollout.flatMap((batch) => batch.units);
        const unitOf = (name: string) => units.findIndex((unit) => unit.nodes.includes(name));
        for (const { name, after, atomicGroup } of nodes) {
          for (const other of after) expect(unitOf(other)).toBeLessThan(unitOf(name));
          for (const other of nodes) {
            const together = atomicGroup !== null && other.atomicGroup === atomicGroup;
            if (together) expect(unitOf(other.name)).toBe(unitOf(name));
          }
        }
        const rest = rollout.filter(({ canary }) => !canary);
        const count = rest.flatMap(batchNodes).length;
        const limit =
          wanted.batch === null
            ? count
            : wanted.batch.type === "count"
              ? wanted.batch.count
              : Math.max(1, Math.ceil((count * wanted.batch.percent) / 100));
        for (const batch of rest) {
          if (batch.units.length > 1) expect(batchNodes(batch).length).toBeLessThanOrEqual(limit);
        }
        const canaries = nodes.filter(({ name }) => wanted.canaries.includes(name));
        for (const { name } of canaries) expect(batchNodes(rollout[0]!)).toContain(name);
      }),
    );
  });

  test("it comes to an end, and nothing is begun after too many failures or before what it comes after", () => {
    fc.assert(
      fc.property(networks, options, outcomes, fc.option(fc.nat(3)), (nodes, wanted, fates, maxFailures) => {
        const rollout = planRollout(nodes, wanted);
        const ended = new Map<string, Outcome>();
        const begun: string[] = [];
        for (const batch of rollout) {
          for (const unit of batch.units) {
            const decision = decide(unit, rollout, ended, maxFailures);
            expect(decision.type).not.toBe("wait");
            const failures = [...ended.values()].filter(isFailure).length;
            if (decision.type === "begin") {
              begun.push(...unit.nodes);
              if (maxFailures !== null) expect(failures).toBeLessThanOrEqual(maxFailures);
              for (const name of unit.after) expect(["activated", "unchanged"]).toContain(ended.get(name));
            }
            for (const name of unit.nodes) {
              const fate = fates[Number(name.slice(1))]!;
              ended.set(name, decision.type === "begin" ? fate : "skipped");
            }
          }
        }
        expect(ended.size).toBe(nodes.length);
        expect(new Set(begun).size).toBe(begun.length);
      }),
    );
  });
});

describe("when a rollout stops", () => {
  const nodes = [node("a"), node("b"), node("c", ["a"])];
  const outcome = (entries: Record<string, Outcome>) => new Map(Object.entries(entries));
  const batched: Partial<RolloutOptions> = { batch: { type: "count", count: 1 } };
  const decided = (
    rest: Partial<RolloutOptions>,
    ended: Record<string, Outcome>,
    max: number | null,
    name: string,
  ) => {
    const rollout = planRollout(nodes, { ...none, ...rest });
    const unit = rollout.flatMap((batch) => batch.units).find((one) => one.nodes.includes(name))!;
    return decide(unit, rollout, outcome(ended), max);
  };

  test("all at once goes on whatever fails; batches and canaries stop at the first failure", () => {
    expect(decided({}, { a: "failed" }, null, "b")).toEqual({ type: "begin" });
    expect(decided({}, { a: "failed" }, 0, "b")).toMatchObject({ type: "skip" });
    expect(decided(batched, { a: "failed" }, null, "b")).toEqual({
      type: "skip",
      reason: "1 machine failed, so that no other was begun (--max-failures 0)",
    });
    expect(decided(batched, { a: "failed" }, 1, "b")).toEqual({ type: "begin" });
    expect(decided(batched, { a: "skipped" }, null, "b")).toEqual({ type: "begin" });
    expect(decided({ canaries: ["a"] }, { a: "rolled-back" }, null, "b")).toEqual({
      type: "skip",
      reason: "the canary 'a' failed, so that no other machine was begun",
    });
  });

  test("what comes after a node waits for it, and is not begun when it failed", () => {
    expect(decided({}, {}, null, "c")).toEqual({ type: "wait" });
    expect(decided({}, { a: "unchanged" }, null, "c")).toEqual({ type: "begin" });
    for (const fate of ["failed", "skipped", "unknown"] as const) {
      expect(decided({}, { a: fate }, null, "c")).toEqual({
        type: "skip",
        reason: "it comes after 'a', which is not on its new system",
      });
    }
  });
});
