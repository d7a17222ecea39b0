import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** What a suite of outside truth is called in `expected-failures.txt`. */
export type SuiteName =
  | "lang"
  | "parse"
  | "lib"
  | "modules"
  | "expressions"
  | "systems"
  | "packages"
  | "networks"
  | "examples";

export interface Suite {
  /** Runs what decides about a case: its failure is an error unless it is listed, its success is one if it is. */
  check(name: string, run: () => void | Promise<void>): Promise<void>;
  /** Declares the test that every listed case is among these. */
  checkNames(names: readonly string[]): void;
}

/**
 * A suite with its cases that are known to differ: `<suite>/<case>: reason` a line, `#` starts a comment. A case
 * that is listed and passes fails the run, so that the list never says more than is true.
 */
export function suite(name: SuiteName): Suite {
  const known = expectedFailures(name);
  return {
    async check(testCase, run) {
      const reason = known.get(testCase);
      if (reason === undefined) return run();
      const failed = await Promise.resolve()
        .then(run)
        .then(
          () => false,
          () => true,
        );
      if (!failed) throw new Error(`${testCase} passes, but expected-failures.txt says: ${reason}`);
    },
    checkNames(names) {
      test("the list of expected failures names only cases that exist", () => {
        const all = new Set(names);
        expect([...known.keys()].filter((listed) => !all.has(listed))).toEqual([]);
      });
    },
  };
}

function expectedFailures(suiteName: SuiteName): ReadonlyMap<string, string> {
  const text = readFileSync(new URL("../expected-failures.txt", import.meta.url), "utf8");
  const reasons = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([^/\s]+)\/([^\s:]+): (\S.*)$/.exec(line);
    if (match === null) throw new Error(`expected-failures.txt: not "<suite>/<case>: reason": ${line}`);
    if (match[1] === suiteName) reasons.set(match[2]!, match[3]!);
  }
  return reasons;
}
