import { describe, expect, test } from "vitest";
import { parseHistoryLine } from "../../src/plan/history.ts";
import { generationToRollBackTo, parseStatus, StatusError } from "../../src/plan/status.ts";

const record = (outcome: string, system: string, previous: string) =>
  `history=version=1\tid=x\tend=70\toutcome=${outcome}\tsystem=${system}\tprevious=${previous}\tby=me@here\tsince=60\treason=a=b c`;
const answer = (...lines: string[]) =>
  ["Welcome!", "nixus-status=1", "currentSystem=/b", "bootedSystem=/a", "profile=/b", ...lines, "end="].join(
    "\n",
  );

describe("the state of a machine", () => {
  test("is parsed", () => {
    const status = parseStatus(
      answer(
        ...[
          "uptime=90",
          "kernel=6.1",
          "state=degraded",
          "failedUnit=x.service",
          "reboot=kernel",
          "reboot=initrd",
        ],
        ...["generation=2 20 /b current", "generation=1 10 /a ", record("activated", "/b", "/a")],
        ...["lockId=1", "lockBy=me", "lockSince=5", "lockSystem=/c", "lockState=waiting", "lockLive=1"],
      ),
    );
    expect(status).toMatchObject({
      ...{ currentSystem: "/b", bootedSystem: "/a", uptime: 90, state: "degraded" },
      ...{ failedUnits: ["x.service"], reboot: ["kernel", "initrd"], drift: "none" },
      pending: { id: "1", by: "me", since: 5, system: "/c", state: "waiting", live: true },
      generations: [
        { number: 1, time: 10, system: "/a", current: false },
        { number: 2, time: 20, system: "/b", current: true },
      ],
      history: [{ outcome: "activated", system: "/b", by: "me@here", since: 60, end: 70, reason: "a=b c" }],
    });
    expect(() => parseStatus("nixus-status=1\n")).toThrow(StatusError);
    expect(parseHistoryLine("nonsense")).toBeUndefined();
  });

  test.each([
    ["what was deployed runs", record("activated", "/b", "/a"), "none"],
    ["what was rolled back to runs", record("rolled-back", "/c", "/b"), "none"],
    ["something else runs", record("activated", "/c", "/a"), "changed-outside"],
    ["Nixus has never deployed it", "", "none"],
  ])("drift: %s", (_name, history, drift) => expect(parseStatus(answer(history)).drift).toBe(drift));

  test("a profile that is another system", () => {
    const status = parseStatus(answer(record("activated", "/b", "/a")).replace("profile=/b", "profile=/z"));
    expect(status.drift).toBe("boots-another");
  });
});

describe("what to roll back to", () => {
  const generations = ["1 1 /a ", "2 2 /b ", "3 3 /b current", "4 4 /c "].map((text) => `generation=${text}`);
  const status = parseStatus(answer(...generations));
  test("is the last other system before, or what is asked for", () => {
    expect(generationToRollBackTo(status, null)?.number).toBe(1);
    expect(generationToRollBackTo(status, 4)?.system).toBe("/c");
    expect(generationToRollBackTo(status, 9)).toBeUndefined();
    expect(generationToRollBackTo(parseStatus(answer(generations[2]!)), null)).toBeUndefined();
  });
});
