/**
 * Dependencies point one way (design, section 2): each room may use the rooms below it and no others.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../src");

/** From top to bottom. */
const order = ["cli", "deploy", "plan", "fleet", "modules", "lang", "store", "events"] as const;

const importPattern = /(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g;

function room(file: string): string | undefined {
  const first = relative(root, file).split("/")[0]!;
  return order.find((name) => name === first);
}

/** Imports that point up: `file -> imported file`. */
function upwardImports(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [file, text] of files) {
    const from = room(file);
    for (const match of text.matchAll(importPattern)) {
      const target = resolve(dirname(file), match[1]!);
      const to = room(target);
      if (from === undefined) continue;
      const allowed = to !== undefined && order.indexOf(to as never) >= order.indexOf(from as never);
      if (!allowed) found.push(`${relative(root, file)} -> ${relative(root, target)}`);
    }
  }
  return found;
}

describe("the direction of dependencies", () => {
  it("holds in src/", () => {
    const files = new Map(
      readdirSync(root, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => [join(root, name), readFileSync(join(root, name), "utf8")]),
    );
    expect(files.size).toBeGreaterThan(20);
    expect(upwardImports(files)).toEqual([]);
  });

  it("is seen when it is broken", () => {
    const files = new Map([
      [join(root, "store/a.ts"), 'import { x } from "../lang/b.ts";'],
      [join(root, "lang/eval/c.ts"), 'const y = await import("../../cli/d.ts");'],
      [join(root, "cli/e.ts"), 'import type { Event } from "../events/event.ts";'],
    ]);
    expect(upwardImports(files)).toEqual(["store/a.ts -> lang/b.ts", "lang/eval/c.ts -> cli/d.ts"]);
  });
});
