import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { factsScript, rebootScript, statusScript } from "../../src/deploy/target/scripts.ts";
import { FactsError, parseFacts } from "../../src/plan/facts.ts";
import { parseRebootFacts } from "../../src/plan/reboot.ts";
import { parseStatus } from "../../src/plan/status.ts";
import { factsText, fitFacts } from "../deploy/rig/fake-machine.ts";

describe("facts", () => {
  test("are read from the script's answer, whatever a shell said before and after", () => {
    const missing = ["/nix/store/a", "/nix/store/b=c"];
    const facts = parseFacts(`motd=hello\nlast login\n${factsText(fitFacts, missing)}\nbye\n`);
    expect(facts).toMatchObject({
      ...{ uid: 0, machine: "x86_64", systemd: 252, nixVersion: "2.8.0", packageManager: "apt" },
      ...{ currentSystem: fitFacts["currentSystem"], bootedSystem: null, freeBoot: null, lock: null },
    });
    expect([...facts.missing]).toEqual(missing);
  });

  test("tell who has the lock", () => {
    const lock = { lockId: "a", lockBy: "me@here", lockSince: "12", lockState: "waiting", lockLive: "1" };
    const facts = parseFacts(factsText({ ...fitFacts, ...lock }));
    expect(facts.lock).toEqual({ id: "a", by: "me@here", since: 12, state: "waiting", live: true });
  });

  test("of a machine without Nix, systemd and everything else", () => {
    const { nixVersion: _nix, systemd: _systemd, packageManager: _apt, ...rest } = fitFacts;
    expect(parseFacts(factsText(rest))).toMatchObject({
      nixVersion: null,
      systemd: null,
      packageManager: null,
    });
  });

  test.each([
    ["nothing", ""],
    ["another format", factsText({ ...fitFacts, "nixus-facts": "2" })],
    ["an answer that was cut off", factsText(fitFacts).replace(/\nend=[\s\S]*/, "")],
    ["a line that is no fact", factsText(fitFacts).replace("\nend=", "\noops\nend=")],
    ["a number that is none", factsText({ ...fitFacts, freeStore: "much" })],
    ["no boot id", factsText({ ...fitFacts, bootId: "" })],
  ])("%s is an error", (_name, text) => {
    expect(() => parseFacts(text)).toThrow(FactsError);
  });

  test("no text but a whole answer is taken for one", () => {
    const whole = factsText(fitFacts);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(() => parseFacts(whole.slice(0, length))).toThrow(FactsError);
      }),
    );
  });

  test.each(["/bin/dash", "/bin/bash"])("the script's own answer, under %s, on this machine", (shell) => {
    const script = factsScript();
    const input = "/nix/store/00000000000000000000000000000000-nothing\n\nno-such-package\n";
    const facts = parseFacts(execFileSync(shell, ["-c", script], { input }).toString());
    expect(facts.machine).toBe(process.arch === "x64" ? "x86_64" : "aarch64");
    expect(facts.uid).toBe(process.getuid?.());
    expect(facts.freeStore).toBeGreaterThan(0);
    if (facts.nixVersion !== null) {
      expect(facts.missing).toEqual(new Set(["/nix/store/00000000000000000000000000000000-nothing"]));
      expect(facts.missingPackages).toEqual(["no-such-package"]);
    }
  });

  test.each(["/bin/dash", "/bin/bash"])("a store that can't be asked is told, under %s", (shell) => {
    const directory = mkdtempSync(join(tmpdir(), "nixus-facts-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const broken =
      '#!/bin/sh\n[ "$1" != --version ] || exec echo nix-store 2.8.0\necho "error: database is locked" >&2\nexit 1\n';
    writeFileSync(join(directory, "nix-store"), broken, { mode: 0o755 });
    const env = { ...process.env, PATH: `${directory}:${process.env["PATH"]}` };
    const output = execFileSync(shell, ["-c", factsScript()], { input: "/nix/store/a\n\n\n", env });
    const facts = parseFacts(output.toString());
    expect(facts).toMatchObject({ storeProblem: "error: database is locked" });
  });

  test.each(["/bin/dash", "/bin/bash"])(
    "whoever asks is told the same parts that wait for a reboot, under %s",
    (shell) => {
      const root = mkdtempSync(join(tmpdir(), "nixus-facts-"));
      onTestFinished(() => rmSync(root, { recursive: true, force: true }));
      mkdirSync(join(root, "run"));
      const part = { kernel: "5.10", initrd: "same", "kernel-params": "quiet", systemd: "same" };
      const makes = (name: string, parts: Readonly<Record<string, string>>): string => {
        const system = join(root, "nix/store", name);
        mkdirSync(system, { recursive: true });
        for (const [key, value] of Object.entries({ ...part, ...parts })) {
          // Parameters are a file of the system, everything else is a link into the store.
          const file = key === "kernel-params" ? join(system, key) : join(root, `nix/store/${key}-${value}`);
          writeFileSync(file, value);
          if (key !== "kernel-params") symlinkSync(file, join(system, key));
        }
        return system;
      };
      const env = { ...process.env, NIXUS_ROOT: root };
      const ask = (script: string) => execFileSync(shell, ["-c", script], { input: "", env }).toString();
      const told = (system: string) => {
        rmSync(join(root, "run/current-system"), { force: true });
        symlinkSync(system, join(root, "run/current-system"));
        return [
          parseFacts(ask(factsScript())).bootedDiffers,
          parseStatus(ask(statusScript())).reboot,
          parseRebootFacts(ask(rebootScript(system.slice(root.length), "nixos", null))).differs,
        ];
      };
      symlinkSync(makes("booted", {}), join(root, "run/booted-system"));
      expect(told(makes("same", {}))).toEqual([[], [], []]);
      const params = ["kernel-params"];
      expect(told(makes("params", { "kernel-params": "quiet panic=30" }))).toEqual([params, params, params]);
      const both = ["kernel", "kernel-params"];
      expect(told(makes("both", { kernel: "6.1", "kernel-params": "" }))).toEqual([both, both, both]);
    },
  );
});
