import { describe, expect, test } from "vitest";
import { PreviewError, parsePreview } from "../../../src/plan/preview/answer.ts";
import { fileChanges } from "../../../src/plan/preview/files.ts";
import { parseDryActivation } from "../../../src/plan/preview/units.ts";

describe("the machine's answer", () => {
  test("is read between its marks, whatever a login shell says", () => {
    const answer = parsePreview([
      "Welcome!",
      "nixus-preview=1",
      "before=120 /nix/store/a-old",
      "after=130 /nix/store/b-new",
      "file=link /etc/a - - - /nix/store/x",
      "rebootRequired=1",
      "present=/etc/issue",
      "activationStatus=1",
      "activation=error: sshd would refuse: a=b",
      "end=",
    ]);
    expect(answer).toMatchObject({
      before: new Map([["/nix/store/a-old", 120]]),
      after: new Map([["/nix/store/b-new", 130]]),
      files: ["link /etc/a - - - /nix/store/x"],
      present: new Set(["/etc/issue"]),
      activation: { status: 1, output: ["error: sshd would refuse: a=b"] },
      rebootRequired: true,
    });
  });

  test("that was cut off is an error", () => {
    expect(() => parsePreview(["nixus-preview=1", "before=1 /nix/store/a"])).toThrow(PreviewError);
  });
});

test("units are read in the words of NixOS's programs", () => {
  expect(
    parseDryActivation([
      "would stop the following units: a.service, b.service",
      "would NOT stop the following changed units: c.service",
      "would activate the configuration...",
      "would restart systemd",
      "would reload the following units: d.service",
      "would restart the following units: e.service f.service",
      "would start the following units: a.service, b.service",
    ]),
  ).toEqual({
    stop: ["a.service", "b.service"],
    keep: ["c.service"],
    reload: ["d.service"],
    restart: ["e.service", "f.service"],
    start: ["a.service", "b.service"],
  });
});

test("files below /etc come, change, go, and take the place of the machine's own", () => {
  const before = [
    "link /etc/changed - - - /nix/store/1",
    "link /etc/gone - - - /nix/store/2",
    "link /etc/same - - - /nix/store/3",
    "copy /run/systemd/system/a.service 0444 root root /nix/store/4",
  ];
  const after = [
    "absent /etc/systemd/system/b.service - - - -",
    "absent /etc/systemd/system/there.service - - - -",
    "link /etc/changed - - - /nix/store/5",
    "link /etc/new - - - /nix/store/6",
    "link /etc/own - - - /nix/store/7",
    "link /etc/same - - - /nix/store/3",
  ];
  const present = new Set(["/etc/changed", "/etc/own", "/etc/same", "/etc/systemd/system/there.service"]);
  expect(fileChanges(before, after, present)).toEqual([
    { path: "/etc/changed", change: "changed" },
    { path: "/etc/gone", change: "removed" },
    { path: "/etc/new", change: "added" },
    { path: "/etc/own", change: "replaced" },
    { path: "/etc/systemd/system/there.service", change: "removed" },
  ]);
});
