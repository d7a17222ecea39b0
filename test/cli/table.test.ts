import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Table } from "../../src/cli/render/table.ts";
import { plain, shorten, widthOf } from "../../src/cli/render/width.ts";
import type { Event } from "../../src/events/event.ts";

const about = (node: string, time: number) => ({ node, host: `${node}.example.com`, time });
const screen = { columns: 80, rows: 24, color: false };

function tableOf(nodes: readonly string[], events: readonly Event[]): Table {
  const table = new Table(nodes, 0);
  for (const event of events) table.take(event);
  return table;
}

test("a line for each node: where it stands, since when, what it said last", () => {
  const table = tableOf(
    ["web-1", "web-2", "db", "off", "late"],
    [
      { ...about("web-1", 1000), type: "connecting" },
      { ...about("web-1", 2000), type: "triggering-switcher", system: "s", previous: "p" },
      { ...about("web-1", 3000), type: "confirming" },
      { ...about("web-1", 9000), type: "finished", outcome: "activated", system: "s" },
      { ...about("web-2", 1000), type: "connecting" },
      { ...about("web-2", 1500), type: "triggering-switcher", system: "s", previous: "p" },
      { ...about("web-2", 2000), type: "output", step: "switch", line: "setting up /etc..." },
      { ...about("db", 1000), type: "connecting" },
      { ...about("db", 1200), type: "awaiting-builds", derivations: ["a.drv"] },
      { ...about("off", 1000), type: "connecting" },
      {
        ...about("off", 11_000),
        type: "problem",
        step: "connect",
        message: "off does not answer;\ncheck it",
      },
      { ...about("off", 11_000), type: "finished", outcome: "failed", system: "s" },
      { type: "building", time: 4000, place: "local", derivation: "/nix/store/a.drv" },
    ],
  );
  expect(table.lines(screen, 126_000)).toEqual([
    "web-1  activated   8 s",
    "web-2  switching  2:05  setting up /etc...",
    "db     building   2:05",
    "off    failed     10 s  off does not answer; check it",
    "late   waiting",
    "2:06  2 of 5 done, 1 failed  building '/nix/store/a.drv'...",
  ]);
});

test("what a store does is said as long as a node waits for it", () => {
  const building: Event = { type: "building", time: 0, place: "local", derivation: "/nix/store/a.drv" };
  const awaiting = (node: string): Event => ({
    ...about(node, 0),
    ...{ type: "awaiting-builds", derivations: ["a.drv"] },
  });
  const table = tableOf(["a", "b"], [awaiting("a"), awaiting("b"), building]);
  const footer = () => table.lines(screen, 0).at(-1);
  table.take({ ...about("a", 0), type: "copying-closure" });
  expect(footer()).toBe("0 s  0 of 2 done  building '/nix/store/a.drv'...");
  table.take({ ...about("b", 0), type: "finished", outcome: "failed", system: "s" });
  expect(footer()).toBe("0 s  1 of 2 done, 1 failed");
  table.take(awaiting("a"));
  expect(footer()).toBe("0 s  1 of 2 done, 1 failed");
});

test("colours only where they are wanted", () => {
  const failed: Event = { ...about("a", 0), type: "finished", outcome: "failed", system: "s" };
  const table = tableOf(["a", "b"], [failed]);
  expect(table.lines({ ...screen, color: true }, 0)[0]).toContain("\u001b[31mfailed");
  expect(table.lines(screen, 0).join("")).not.toContain("\u001b");
});

test("more nodes than lines: those at work and those that failed are shown, the others counted", () => {
  const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
  const events: Event[] = [
    ...names
      .slice(0, 50)
      .map((node): Event => ({ ...about(node, 0), type: "finished", outcome: "activated", system: "" })),
    { ...about("n60", 0), type: "connecting" },
    { ...about("n70", 0), type: "finished", outcome: "rolled-back", system: "" },
  ];
  const lines = tableOf(names, events).lines({ ...screen, rows: 7 }, 0);
  expect(lines.map((line) => line.replace(/ {2,}.*/, ""))).toEqual([
    ...["n50", "n51", "n60", "n70"],
    ...["... and 96 more", "0 s"],
  ]);
  expect(lines.at(-1)).toBe("0 s  51 of 100 done, 1 failed");
});

describe("whatever is said on whatever screen", () => {
  const words = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom("データベース", "👩‍👩‍👧 family", "\u001b[31mred\u001b[0m", "tab\there", "a\rb\u0007"),
  );

  test("no line is wider than it, and there are fewer than it has", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(words, { minLength: 1, maxLength: 12 }),
        words,
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 20 }),
        (names, line, columns, rows) => {
          const events = names.flatMap((name): Event[] => [
            { ...about(name, 0), type: "connecting" },
            { ...about(name, 0), type: "output", step: "switch", line },
          ]);
          const lines = tableOf(names, events).lines({ columns, rows, color: false }, 5000);
          for (const text of lines) {
            expect(widthOf(text)).toBeLessThanOrEqual(columns);
            expect(text).not.toMatch(/\p{Cc}/u);
          }
          expect(lines.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
        },
      ),
    );
  });

  test("a text is cut between characters, and padded by their width", () => {
    expect(shorten("データベース", 7)).toBe("データ…");
    expect(shorten("データ", 8, true)).toBe("データ  ");
    expect(shorten("👩‍👩‍👧👩‍👩‍👧", 3)).toBe("👩‍👩‍👧…");
    expect(shorten("abc", 0)).toBe("");
    expect(plain("\u001b[1mbold\u001b[0m\r\n\tend ")).toBe("bold end");
  });
});
