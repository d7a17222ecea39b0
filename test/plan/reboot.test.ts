import { describe, expect, test } from "vitest";
import type { LiveSwitch } from "../../src/plan/live-switch.ts";
import { describeReasons, parseRebootFacts, planReboot, type RebootFacts } from "../../src/plan/reboot.ts";

const possible: LiveSwitch = { type: "possible" };
const inhibited: LiveSwitch = { type: "needs-reboot", reasons: ["dbus (dbus -> broker)"] };
const facts: RebootFacts = { differs: [], selector: "grub", selectorProblem: "" };
const newKernel: RebootFacts = { ...facts, differs: ["kernel", "kernel-params"] };
const unable: RebootFacts = {
  ...facts,
  selector: null,
  selectorProblem: "it was not started by systemd-boot",
};

describe("never", () => {
  test("switches live, and knows what a reboot would bring", () => {
    expect(planReboot("never", possible, facts)).toEqual({ type: "live", pending: [] });
    expect(planReboot("never", possible, newKernel)).toEqual({
      type: "live",
      pending: [{ reason: "kernel" }, { reason: "kernel-params" }],
    });
  });

  test("refuses what can't be switched to live, and says how it can be had", () => {
    const refused = planReboot("never", inhibited, facts);
    expect(refused).toMatchObject({ type: "refuse", problem: expect.stringContaining("--reboot") });
    expect(refused).toMatchObject({ problem: expect.stringContaining("dbus (dbus -> broker)") });
  });
});

describe("ifNeeded", () => {
  test("switches live where nothing asks for more", () => {
    expect(planReboot("ifNeeded", possible, facts)).toEqual({ type: "live", pending: [] });
    expect(planReboot("ifNeeded", possible, unable)).toEqual({ type: "live", pending: [] });
  });

  test("reboots for a kernel, and for inhibitors", () => {
    expect(planReboot("ifNeeded", possible, newKernel)).toEqual({
      type: "reboot",
      reasons: [{ reason: "kernel" }, { reason: "kernel-params" }],
      selector: "grub",
    });
    expect(planReboot("ifNeeded", inhibited, facts)).toMatchObject({
      type: "reboot",
      reasons: [{ reason: "inhibitors", changes: ["dbus (dbus -> broker)"] }],
    });
  });

  test("refuses a machine that can't start a system once", () => {
    const refused = planReboot("ifNeeded", possible, { ...unable, differs: ["initrd"] });
    expect(refused).toMatchObject({ type: "refuse", problem: expect.stringContaining("another initrd") });
    expect(refused).toMatchObject({ problem: expect.stringContaining("not started by systemd-boot") });
  });
});

test("always reboots, and says that it was asked for where there is no other reason", () => {
  const planned = planReboot("always", possible, facts);
  expect(planned).toMatchObject({ type: "reboot", reasons: [{ reason: "asked" }] });
  if (planned.type === "reboot") {
    expect(describeReasons(planned.reasons)).toBe('its rebootPolicy is "always"');
  }
  expect(planReboot("always", possible, newKernel)).toMatchObject({ reasons: [{ reason: "kernel" }, {}] });
});

test("a system that can't be switched to at all is refused whatever the policy", () => {
  const impossible: LiveSwitch = { type: "impossible", problem: "no bin/switch-to-configuration" };
  for (const policy of ["never", "ifNeeded", "always"] as const) {
    expect(planReboot(policy, impossible, facts)).toEqual({
      type: "refuse",
      problem: "no bin/switch-to-configuration",
    });
  }
});

test("the script's answer is read between its marks", () => {
  const lines = [
    "Hi!",
    "nixus-reboot=1",
    "differs=kernel",
    "differs=initrd",
    "selector=/etc/boot",
    "end=",
    "",
  ];
  expect(parseRebootFacts(lines.join("\n"))).toEqual({
    differs: ["kernel", "initrd"],
    selector: "/etc/boot",
    selectorProblem: "",
  });
  expect(() => parseRebootFacts("nixus-reboot=1\nselector=grub\n")).toThrow("no facts");
  expect(() => parseRebootFacts("nixus-reboot=1\ndiffers=moon\nend=\n")).toThrow("unexpected facts");
});
