import { describe, expect, test } from "vitest";
import {
  parseBatch,
  parseDuration,
  rolloutOptions,
  wholeNumber,
} from "../../src/cli/commands/rollout-flags.ts";
import { trivialNetwork } from "../deploy/trivial-system.ts";

describe("flags of rollouts", () => {
  test("batches are numbers or shares", () => {
    expect(parseBatch("2")).toEqual({ type: "count", count: 2 });
    expect(parseBatch("25%")).toEqual({ type: "share", percent: 25 });
    for (const wrong of ["0", "0%", "101%", "-1", "x", "", "2.5"])
      expect(() => parseBatch(wrong)).toThrow("neither");
  });

  test("times have units", () => {
    expect(["30", "30s", "5m", "1h"].map(parseDuration)).toEqual([30_000, 30_000, 300_000, 3_600_000]);
    for (const wrong of ["", "s", "1d", "-1"]) expect(() => parseDuration(wrong)).toThrow("is no time");
    expect(wholeNumber("0")).toBe(0);
    expect(() => wholeNumber("x")).toThrow("whole number");
  });

  test("canaries are selectors, which have to fit", () => {
    const network = trivialNetwork("new", {}, { name: "foo", host: "foo", tags: ["first"] });
    expect(rolloutOptions({ parallel: 1, pause: 0, canary: ["@first"] }, network)).toEqual({
      ...{ parallel: 1, pause: 0, batch: null, canaries: ["foo"], maxFailures: null },
    });
    expect(() => rolloutOptions({ parallel: 1, pause: 0, canary: ["fooo"] }, network)).toThrow(
      "--canary: the network has no node 'fooo'; did you mean 'foo'? (Canaries are among the nodes that are deployed.)",
    );
  });
});
