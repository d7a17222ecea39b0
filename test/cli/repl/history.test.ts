import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { historyFile, historySize, readHistory, writeHistory } from "../../../src/cli/repl/history.ts";
import { withFiles } from "../instantiate/lab.ts";

describe("the history", () => {
  it("is where the state of programs is", () => {
    expect(historyFile({ XDG_STATE_HOME: "/state", HOME: "/home/me" })).toBe("/state/nixus/repl-history");
    expect(historyFile({ HOME: "/home/me" })).toBe("/home/me/.local/state/nixus/repl-history");
    expect(historyFile({})).toBeUndefined();
  });

  it("is kept, newest first for readline, for its owner alone, and not for ever", async () => {
    await withFiles({}, async (directory) => {
      const file = `${directory}/state/nixus/history`;
      expect(readHistory(file)).toEqual([]);
      writeHistory(file, ["new", "old"]);
      expect(readFileSync(file, "utf8")).toBe("old\nnew\n");
      expect(readHistory(file)).toEqual(["new", "old"]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      writeHistory(
        file,
        Array.from({ length: historySize + 10 }, (_, index) => `line ${index}`),
      );
      expect(readHistory(file)).toHaveLength(historySize);
      expect(readHistory(file)[0]).toBe("line 0");
    });
  });

  it("that can't be kept is no failure", async () => {
    await withFiles({ file: "" }, async (directory) => {
      const file = `${directory}/file/history`;
      expect(() => writeHistory(file, ["x"])).not.toThrow();
      expect(readHistory(file)).toEqual([]);
    });
  });
});
