import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Cases of outside suites that are known to differ: `<suite>/<case>: reason` a line, `#` starts a comment. A case
 * that is listed and passes fails the run, so that the list never says more than is true.
 */
export function expectedFailures(suite: string): ReadonlyMap<string, string> {
  const text = readFileSync(join(import.meta.dirname, "expected-failures.txt"), "utf8");
  const reasons = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([^/\s]+)\/([^\s:]+): (\S.*)$/.exec(line);
    if (match === null) throw new Error(`expected-failures.txt: not "<suite>/<case>: reason": ${line}`);
    if (match[1] === suite) reasons.set(match[2]!, match[3]!);
  }
  return reasons;
}
