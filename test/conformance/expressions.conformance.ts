/**
 * Expressions by topic (expressions/*.txt), evaluated by an installed Nix and by us: the same value, or both fail.
 * An expression is a line and the indented lines below it. `# since 2.24` at the start of a line: older releases
 * decide what follows differently; `# since any` ends that.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromText, toText } from "../../src/store/bytes.ts";
import { disagreement } from "./lib/compare.ts";
import { suite } from "./lib/expected-failures.ts";
import { nixVersion } from "./lib/instantiate.ts";
import { skipSuite } from "./lib/settings.ts";

const directory = join(import.meta.dirname, "expressions");

interface Case {
  readonly name: string;
  readonly expression: string;
  /** A release of Nix 2. */
  readonly since: number;
}

function casesOf(topic: string): Case[] {
  const cases: Case[] = [];
  let since = 0;
  const lines = readFileSync(join(directory, `${topic}.txt`), "utf8").split("\n");
  for (const [index, line] of lines.entries()) {
    const release = /^# since (?:2\.(\d+)|any)/.exec(line);
    if (release !== null) since = Number(release[1] ?? 0);
    else if (line.startsWith("#") || line === "") continue;
    else if (/^\s/.test(line)) {
      const { expression, ...last } = cases.pop()!;
      cases.push({ ...last, expression: `${expression}\n${line}` });
    } else cases.push({ name: `${topic}-${index + 1}`, expression: line, since });
  }
  return cases;
}

const installed = await nixVersion();
const topics = readdirSync(directory).map((file) => file.slice(0, -".txt".length));
const { check, checkNames } = suite("expressions");

if (installed === undefined) {
  skipSuite("expressions", "there is no nix-instantiate to compare with");
} else {
  checkNames(topics.flatMap(casesOf).map(({ name }) => name));
  describe.each(topics)("%s", (topic) => {
    for (const { name, expression, since } of casesOf(topic)) {
      test.skipIf(installed[1] < since)(`${name}: ${expression}`, () =>
        check(name, async () => {
          const found = await disagreement(fromText(expression));
          expect(found === undefined ? "the same" : toText(found)).toBe("the same");
        }),
      );
    }
  });
}
