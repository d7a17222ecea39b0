import { describe, expect, it } from "vitest";
import { lineRenderer } from "../../src/cli/render/lines.ts";
import type { Event, Outcome } from "../../src/events/event.ts";

const about = { time: 0, node: "foo", host: "foo.example.com" } as const;
const system = "/nix/store/0000000000000000000000000000000a-linux-system";

const rendered = (events: readonly Event[], detail: "brief" | "verbose" = "brief") => {
  const render = lineRenderer(detail);
  return events.flatMap((event) => render(event)).map((line) => line.text);
};

describe("the transcript", () => {
  it("has the lines of the design, in its words", () => {
    const path = "/nix/store/0000000000000000000000000000000b-etc";
    expect(
      rendered([
        { ...about, type: "connecting" },
        { ...about, type: "copying-closure" },
        { ...about, type: "copying-paths", count: 3, size: 1000 },
        { ...about, type: "copying-path", path, destination: "ssh://root@foo.example.com" },
        { ...about, type: "triggering-switcher", system, previous: system },
        { ...about, type: "output", step: "switch", line: "activating the configuration..." },
        { ...about, type: "confirming" },
        { ...about, type: "finished", outcome: "activated", system },
      ]),
    ).toEqual([
      "[foo.example.com] Connecting to host...",
      "[foo.example.com] Copying closure to host...",
      "[foo.example.com] copying 3 paths...",
      `[foo.example.com] copying path '${path}' to 'ssh://root@foo.example.com'...`,
      "[foo.example.com] Triggering system switcher...",
      "[foo.example.com] Trying to confirm success...",
      "[foo.example.com] Successfully activated new system!",
    ]);
  });

  const failing: readonly Event[] = [
    { ...about, type: "output", step: "switch", line: "setting up /etc..." },
    { ...about, node: "bar", host: "bar", type: "output", step: "switch", line: "of another node" },
    { ...about, type: "problem", step: "switch", message: "the activation failed\nwith exit status 1" },
    { ...about, type: "finished", outcome: "rolled-back", system },
  ];

  it("names the node of a problem once", () => {
    const problem = (message: string) =>
      rendered([{ ...about, node: "a", host: "a.example.com", type: "problem", step: "evaluate", message }]);
    const line = "[a.example.com] error: node 'a': failed assertions:";
    expect(problem("error: node 'a': failed assertions:")).toEqual([line]);
    expect(problem("failed assertions:")).toEqual([line]);
  });

  it("shows what the machine printed before a problem", () => {
    expect(rendered(failing)).toEqual([
      "[foo.example.com] setting up /etc...",
      "[foo.example.com] error: node 'foo': the activation failed",
      "[foo.example.com] with exit status 1",
      "[foo.example.com] Failed to activate new system! Rolled back to previous one",
    ]);
  });

  it("shows all output as it comes when it is verbose", () => {
    expect(rendered(failing, "verbose").slice(0, 2)).toEqual([
      "[foo.example.com] setting up /etc...",
      "[bar] of another node",
    ]);
  });

  it("shows no more than the last lines", () => {
    const many = Array.from(
      { length: 100 },
      (_, i): Event => ({ ...about, type: "output", step: "switch", line: `line ${i}` }),
    );
    const lines = rendered([...many, { ...about, type: "problem", step: "switch", message: "no" }]);
    expect(lines).toHaveLength(21);
    expect(lines[0]).toBe("[foo.example.com] line 80");
  });

  it("ends with a summary only when something went wrong", () => {
    const outcomes: Record<Outcome, number> = {
      activated: 2,
      unchanged: 0,
      "rolled-back": 1,
      failed: 0,
      skipped: 0,
      unknown: 0,
    };
    expect(rendered([{ type: "summary", time: 0, outcomes, ok: false }])).toEqual([
      "error: not every machine is on its new system: 2 activated, 1 rolled back",
    ]);
    expect(rendered([{ type: "summary", time: 0, outcomes, ok: true }])).toEqual([]);
  });
});
