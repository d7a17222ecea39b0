import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DeployPhase } from "../../src/fleet/settings.ts";
import { builtInPhases, PhaseError, planPhases } from "../../src/plan/phases.ts";

const phase = (name: string, before: string[] = [], after: string[] = []): DeployPhase => ({
  ...{ name, before, after, script: `echo ${name}` },
});

/** All phases, in the order in which they run. */
const order = (...phases: DeployPhase[]) => {
  const plan = planPhases("web", phases);
  return [...builtInPhases, "end" as const].flatMap((name) => [...plan[name].map((one) => one.name), name]);
};
/** Without those that are built in, but for the one that each comes right before. */
const places = (...phases: DeployPhase[]) => {
  const plan = planPhases("web", phases);
  return Object.fromEntries(
    Object.entries(plan).flatMap(([name, scripts]) => scripts.map((script) => [script.name, name])),
  );
};

describe("phases", () => {
  test("stand where they have to be", () => {
    expect(
      places(
        ...[
          phase("first", ["connect"]),
          phase("afterConnect", [], ["connect"]),
          phase("beforeCopy", ["copy"]),
        ],
        ...[phase("anywhere"), phase("afterSwitch", [], ["switch"]), phase("last", [], ["commit"])],
        phase("between", ["switch"], ["copy"]),
      ),
    ).toEqual({
      ...{ first: "connect", afterConnect: "build", beforeCopy: "copy", anywhere: "switch" },
      ...{ afterSwitch: "confirm", last: "end", between: "secrets" },
    });
  });

  test("obey each other, and are otherwise in the order of their names", () => {
    expect(order(phase("b"), phase("a"), phase("c", ["a"])).slice(4, 8)).toEqual(["b", "c", "a", "switch"]);
    expect(places(phase("a", [], ["b"]), phase("b", [], ["commit"]))).toEqual({ a: "end", b: "end" });
    expect(places(phase("a", ["b"]), phase("b", ["connect"]))).toEqual({ a: "connect", b: "connect" });
  });

  test("ignore names that no phase has", () => {
    expect(places(phase("a", ["x"], ["y"]))).toEqual({ a: "switch" });
  });

  test.each([
    [[phase("a", ["b"]), phase("b", ["a"])], "'a' -> 'b' -> 'a'"],
    [[phase("a", ["connect"], ["switch"])], "each has to come before the next"],
    [[phase("a", ["a"])], "'a' -> 'a'"],
    [[phase("a", ["b"], ["commit"]), phase("b", ["copy"])], "cycle"],
    [[phase("switch")], "the phase 'switch' is built in"],
  ])("an order that is impossible: %j", (phases, message) => {
    expect(() => order(...phases)).toThrow(PhaseError);
    expect(() => order(...phases)).toThrow(/^node 'web': /);
    expect(() => order(...phases)).toThrow(message);
  });

  test("each runs once, after what it comes after; the built-in ones keep their order", () => {
    const names = ["p", "q", "r", "s"];
    const neighbours = fc.array(fc.constantFrom(...names, ...builtInPhases, "none"), { maxLength: 2 });
    const drafts = fc.tuple(
      ...names.map((name) => fc.record({ name: fc.constant(name), before: neighbours, after: neighbours })),
    );
    fc.assert(
      fc.property(drafts, (phases) => {
        let found: string[];
        try {
          found = order(...phases.map(({ name, before, after }) => phase(name, before, after)));
        } catch (error) {
          expect(error).toBeInstanceOf(PhaseError);
          return;
        }
        expect([...found].sort()).toEqual([...names, ...builtInPhases, "end"].sort());
        expect(found.filter((name) => (builtInPhases as readonly string[]).includes(name))).toEqual(
          builtInPhases,
        );
        for (const { name, before, after } of phases) {
          const at = found.indexOf(name);
          for (const later of before.filter((one) => one !== "none"))
            expect(at).toBeLessThan(found.indexOf(later));
          for (const first of after.filter((one) => one !== "none"))
            expect(at).toBeGreaterThan(found.indexOf(first));
        }
      }),
    );
  });
});
