import { expect, it } from "vitest";
import { renderHistory } from "../../src/cli/render/status.ts";
import type { HistoryEntry } from "../../src/plan/history.ts";

const system = (name: string) => `/nix/store/${name}`;

function entry(name: string, outcome: string, reason = ""): HistoryEntry {
  return {
    ...{ id: name, outcome, system: system(name), previous: system("old"), by: "alice@laptop" },
    ...{ since: 1_800_000_000, end: 1_800_000_007, reason },
  };
}

it("the history says which generations there are to go back to", () => {
  const generations = [
    { number: 1, time: 0, system: system("a"), current: false },
    { number: 2, time: 0, system: system("b"), current: false },
    { number: 3, time: 0, system: system("a"), current: true },
  ];
  const entries = [
    entry("a", "activated"),
    entry("c", "rolled-back", "a unit failed"),
    entry("b", "activated"),
  ];
  expect(renderHistory("web", entries, generations)).toBe(`web
  2027-01-15T08:00:07Z activated by alice@laptop, in 7 s
    /nix/store/a (generations 1, 3)
  2027-01-15T08:00:07Z rolled-back by alice@laptop, in 7 s: a unit failed
    /nix/store/c
  2027-01-15T08:00:07Z activated by alice@laptop, in 7 s
    /nix/store/b (generation 2)
`);
  expect(renderHistory("web", [], [])).toBe("web\n  no deployment by Nixus\n");
});
