/** The live view on a terminal that the test can read. */
import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { viewOf } from "../../src/cli/view.ts";
import type { Event } from "../../src/events/event.ts";

/** ESC [ PARAMETERS LETTER (ECMA-48, control sequences), and in between single characters. */
const esc = "\u001b";
const sequence = new RegExp(`^${esc}\\[([?0-9;]*)([A-Za-z])$`);
const sequences = new RegExp(`${esc}\\[[?0-9;]*[A-Za-z]|[^${esc}]`, "gsu");

/** What a terminal would show, as far as the view's escape sequences need it: all lines, scrolled away ones too. */
class Terminal {
  readonly isTTY: boolean;
  columns = 60;
  rows = 12;
  written = "";
  private readonly screen: string[] = [""];
  private row = 0;
  private column = 0;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  hasColors(): boolean {
    return true;
  }

  write(text: string): boolean {
    this.written += text;
    for (const [part] of text.matchAll(sequences)) this.take(part);
    return true;
  }

  private take(part: string): void {
    const [, count = "", command] = sequence.exec(part) ?? [];
    const by = Math.max(1, Number(count) || 1);
    if (part === "\n") {
      this.row += 1;
      this.column = 0;
    } else if (command === undefined) {
      const line = (this.screen[this.row] ?? "").padEnd(this.column);
      this.screen[this.row] = line.slice(0, this.column) + part + line.slice(this.column + 1);
      this.column += 1;
    } else if (command === "A") this.row = Math.max(0, this.row - by);
    else if (command === "B") this.row += by;
    else if (command === "G") this.column = by - 1;
    else if (command === "K" && count === "2") this.screen[this.row] = "";
    else if (command === "K") this.screen[this.row] = (this.screen[this.row] ?? "").slice(0, this.column);
    else if (!"mhl".includes(command)) throw new Error(`unexpected ${JSON.stringify(part)}`);
    this.screen[this.row] ??= "";
  }

  get text(): string {
    return this.screen
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  }
}

function processOf(terminal: Terminal, env: Record<string, string> = {}): NodeJS.Process {
  return Object.assign(new EventEmitter(), {
    stdout: terminal,
    stderr: terminal,
    env,
  }) as unknown as NodeJS.Process;
}

const flags = { json: false, verbose: false, progress: true };
const about = (node: string) => ({ time: Date.now(), node, host: node });
const events: readonly Event[] = [
  { ...about("a"), type: "connecting" },
  { ...about("b"), type: "connecting" },
  { ...about("a"), type: "triggering-switcher", system: "s", previous: "p" },
  { ...about("b"), type: "warning", step: "connect", message: "/boot has only 3 MiB left" },
  { ...about("a"), type: "finished", outcome: "activated", system: "s" },
  { ...about("b"), type: "output", step: "switch", line: "it is broken" },
  { ...about("b"), type: "problem", step: "switch", message: "the activation failed" },
  { ...about("b"), type: "finished", outcome: "rolled-back", system: "s" },
  {
    ...{ type: "summary", time: Date.now(), ok: false },
    outcomes: { activated: 1, unchanged: 0, "rolled-back": 1, failed: 0, skipped: 0, unknown: 0 },
  },
];

async function show(terminal: Terminal, nodes: readonly string[], env = {}, more = {}): Promise<string> {
  const view = viewOf(processOf(terminal, env), { ...flags, ...more });
  await view.begin(nodes);
  for (const event of events) view.sink(event);
  view.end();
  return terminal.text;
}

test("what has to be read stays above the table, which ends with the outcomes", async () => {
  expect(await show(new Terminal(true), ["a", "b"], { NO_COLOR: "1" })).toBe(
    [
      "[b] warning: /boot has only 3 MiB left",
      "[b] it is broken",
      "[b] error: the activation failed",
      "a  activated    0 s",
      "b  rolled back  0 s  the activation failed",
      "0 s  2 of 2 done, 1 failed",
      "error: not every machine is on its new system: 1 activated, 1 rolled back",
    ].join("\n"),
  );
});

test("a table that is higher than the screen is only its height", async () => {
  const terminal = new Terminal(true);
  const names = ["a", "b", ...Array.from({ length: 40 }, (_, index) => `n${index}`)];
  const text = await show(terminal, names, { NO_COLOR: "1" });
  const table = text.split("\n").slice(3, -1);
  expect(table).toHaveLength(11);
  expect(table.at(-2)).toBe("... and 33 more");
  expect(table.at(-1)).toBe("0 s  2 of 42 done, 1 failed");
});

test("a terminal that does not know its size (a serial console: 0x0) is taken for one of 80x24", async () => {
  const [unsized, sized] = [new Terminal(true), new Terminal(true)];
  Object.assign(unsized, { columns: 0, rows: 0 });
  Object.assign(sized, { columns: 80, rows: 24 });
  const names = ["a", "b", ...Array.from({ length: 40 }, (_, index) => `n${index}`)];
  const text = await show(unsized, names, { NO_COLOR: "1" });
  expect(text).toMatch(/^b +rolled back/m);
  expect(text).toContain("2 of 42 done, 1 failed");
  expect(text).toBe(await show(sized, names, { NO_COLOR: "1" }));
});

test("colours, unless NO_COLOR says otherwise", async () => {
  const [plain, colored] = [new Terminal(true), new Terminal(true)];
  await show(plain, ["a", "b"], { NO_COLOR: "1" });
  await show(colored, ["a", "b"]);
  expect(plain.written).not.toContain("\u001b[32m");
  expect(colored.written).toContain("\u001b[32m");
});

describe("lines instead", () => {
  test.each<[string, boolean, readonly string[], object, object]>([
    ["where there is no terminal", false, ["a", "b"], {}, {}],
    ["with --no-progress", true, ["a", "b"], {}, { progress: false }],
    ["with --verbose", true, ["a", "b"], {}, { verbose: true }],
    ["of one node", true, ["a"], {}, {}],
    ["on a terminal that can't", true, ["a", "b"], { TERM: "dumb" }, {}],
    ["in CI", true, ["a", "b"], { CI: "true" }, {}],
  ])("%s", async (_name, isTTY, nodes, env, more) => {
    const terminal = new Terminal(isTTY);
    await show(terminal, nodes, env, more);
    expect(terminal.written).toContain("[a] Triggering system switcher...\n");
    expect(terminal.written).not.toContain("\u001b");
  });
});
