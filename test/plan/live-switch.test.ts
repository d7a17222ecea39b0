import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LiveSwitchFacts, liveSwitch, parseLiveSwitchFacts } from "../../src/plan/live-switch.ts";

const facts = (changed: Partial<LiveSwitchFacts> = {}): LiveSwitchFacts => ({
  switchable: true,
  interfaces: { running: "2", next: "2" },
  inhibitors: { running: "", next: "" },
  ...changed,
});
const inhibitors = (running: unknown, next: unknown) =>
  liveSwitch(facts({ inhibitors: { running: JSON.stringify(running), next: JSON.stringify(next) } }));

describe("a running machine", () => {
  test("can be switched where nothing speaks against it", () => {
    expect(liveSwitch(facts())).toEqual({ type: "possible" });
    expect(inhibitors({ init: "systemd" }, { init: "systemd" })).toEqual({ type: "possible" });
  });

  test("has to be rebooted for another value of one of its inhibitors, whichever it is", () => {
    expect(inhibitors({ dbus: "dbus", init: "a" }, { init: "a", dbus: "broker" })).toEqual({
      type: "needs-reboot",
      reasons: ["dbus (dbus -> broker)"],
    });
  });

  test("can be switched when only one of the systems names an inhibitor", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.string()),
        fc.dictionary(fc.string(), fc.string()),
        (old, new_) => {
          const common = Object.keys(old).filter(
            (name) => Object.hasOwn(new_, name) && old[name] !== new_[name],
          );
          expect(inhibitors(old, new_).type).toBe(common.length === 0 ? "possible" : "needs-reboot");
        },
      ),
    );
    const none = { running: "", next: '{"dbus":"broker"}' };
    expect(liveSwitch(facts({ inhibitors: none }))).toEqual({ type: "possible" });
  });

  test("has to be rebooted where a list of store paths is another one", () => {
    const lists = {
      running: "/nix/store/a-systemd\n/nix/store/x",
      next: "/nix/store/x\n/nix/store/b-systemd\n",
    };
    expect(liveSwitch(facts({ inhibitors: lists }))).toEqual({
      type: "needs-reboot",
      reasons: ["/nix/store/a-systemd -> /nix/store/b-systemd"],
    });
    const reordered = { running: "a\nb", next: "b\na\n" };
    expect(liveSwitch(facts({ inhibitors: reordered }))).toEqual({ type: "possible" });
  });

  test("has to be rebooted for another interface to init; one that has none is nixpkgs' to judge", () => {
    expect(liveSwitch(facts({ interfaces: { running: "2", next: "3" } }))).toEqual({
      type: "needs-reboot",
      reasons: ["the interface to init (version 2 -> 3)"],
    });
    expect(liveSwitch(facts({ interfaces: { running: "", next: "3" } }))).toEqual({ type: "possible" });
  });

  test("is not switched to a system that has nothing to switch with", () => {
    expect(liveSwitch(facts({ switchable: false }))).toMatchObject({
      type: "impossible",
      problem: expect.stringContaining("system.switch.enable"),
    });
  });
});

describe("the script's answer", () => {
  test("is read between its marks, whatever a shell says before", () => {
    const answer = [
      ...["Welcome!", "", "nixus-live-switch=1", "switchable=1", "nextInterface=2"],
      ...['runningInhibitor={"a":', 'runningInhibitor="x=y"}', "nextInhibitor={}", "end=", ""],
    ];
    expect(parseLiveSwitchFacts(answer.join("\n"))).toEqual({
      switchable: true,
      interfaces: { running: "", next: "2" },
      inhibitors: { running: '{"a":\n"x=y"}', next: "{}" },
    });
  });

  test("that was cut off is none", () => {
    expect(() => parseLiveSwitchFacts("nixus-live-switch=1\nswitchable=1\n")).toThrow("does not say");
  });
});
