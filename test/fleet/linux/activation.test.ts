import { afterEach, describe, expect, test } from "vitest";
import { emptySystem, type LinuxSystem } from "../../../src/fleet/platforms/linux/system.ts";
import { type ApplyOptions, ScratchRoot, scratchRootsWork } from "./scratch.ts";
import { copied, etcText, group, system, text, unit, user } from "./systems.ts";

const nothing = emptySystem("x86_64-linux");

/** Replaces files, links and units that the machine has, and adds others. */
const first = system({
  hostName: "first",
  etc: [
    etcText("motd", "first\n"),
    etcText("hosts", "10.0.0.1 other\n", { type: "append" }),
    etcText("deep/er/file", "1\n", copied("0640", "root", "1000")),
    etcText("linked", "mine\n"),
    etcText("same", "same\n"),
  ],
  units: [
    unit("hello.service", "[Service]\nExecStart=/bin/first\n", { wantedBy: ["multi-user.target"] }),
    unit("gone.service", "[Service]\nExecStart=/bin/gone\n", { wantedBy: ["multi-user.target"] }),
    unit("local.service", "[Service]\nExecStart=/bin/ours\n", { wantedBy: ["multi-user.target"] }),
    unit("masked.service", "", { enable: false }),
  ],
  users: [
    user("alice", { uid: 2000, extraGroups: ["sudo", "staff"] }),
    user("admin", { shell: "/bin/sh", extraGroups: ["users"] }),
  ],
  groups: [group("staff", { gid: 3000 })],
});

const second = system({
  hostName: "second",
  etc: [
    etcText("motd", "second\n", copied("0600")),
    etcText("deep", "now a link\n"),
    etcText("new/file", "2\n"),
    etcText("same", "same\n"),
  ],
  units: [
    unit("hello.service", "[Service]\nExecStart=/bin/second\n", {
      wantedBy: ["multi-user.target"],
      aliases: ["hi.service"],
    }),
    unit("vendor.service", "[Service]\nNice=5\n", { strategy: "drop-in" }),
  ],
  users: [
    user("bob", { uid: 2001, group: "staff" }),
    user("admin", { shell: "/bin/dash", extraGroups: ["staff"] }),
  ],
  groups: [group("staff", { gid: 3000, members: ["daemon"] })],
});

const found = {
  "/etc/motd": { text: "welcome\n", mode: 0o604 },
  "/etc/hosts": { text: "127.0.0.1 localhost\n" },
  "/etc/hostname": { text: "scratch\n" },
  "/etc/linked": { link: "motd" },
  "/etc/systemd/system/local.service": { text: "[Service]\nExecStart=/bin/theirs\n" },
  "/distribution/units/vendor.service": { text: "[Service]\nExecStart=/bin/vendor\n" },
  "/distribution/units/masked.service": { text: "[Service]\nExecStart=/bin/masked\n" },
  "/run/fake/active/vendor.service": { text: "[Service]\nExecStart=/bin/vendor\n" },
  "/run/fake/active/masked.service": { text: "[Service]\nExecStart=/bin/masked\n" },
  "/run/fake/active/local.service": { text: "[Service]\nExecStart=/bin/theirs\n" },
} as const;

/** Applies, and shows what was printed when the status is another one. */
function ok(root: ScratchRoot, target: LinuxSystem, options: ApplyOptions = {}): void {
  const { status, output } = root.apply(target, options);
  expect(`status ${status}\n${status === 0 ? "" : output}`).toBe("status 0\n");
}

/** What runs, by unit. */
function running(root: ScratchRoot): Record<string, string> {
  return Object.fromEntries(
    ["hello", "gone", "local", "masked", "vendor"]
      .map((name) => `${name}.service`)
      .filter((name) => root.exists(`/run/fake/active/${name}`))
      .map((name) => [name, root.read(`/run/fake/active/${name}`)]),
  );
}

describe.skipIf(!scratchRootsWork())("activation in a scratch root", () => {
  const roots: ScratchRoot[] = [];
  const scratch = () => {
    const root = new ScratchRoot(found);
    roots.push(root);
    return root;
  };
  afterEach(() => {
    for (const root of roots.splice(0)) root.remove();
  });

  test.each(["dash", "bash"] as const)("a system takes effect and goes without a trace (%s)", (shell) => {
    const root = scratch();
    const before = root.snapshot({ times: true });
    const ran = running(root);
    ok(root, first, { shell });
    expect(root.read("/etc/hosts")).toBe("127.0.0.1 localhost\n10.0.0.1 other\n");
    expect(root.read("/etc/passwd")).toContain("alice:x:2000:100::/home/alice:/bin/sh\n");
    expect(root.read("/etc/passwd")).toContain("admin:x:1000:1000:Admin,,,:/home/admin:/bin/sh\n");
    expect(root.read("/etc/group")).toContain("sudo:x:27:admin,alice\n");
    expect(root.read("/etc/shadow")).toMatch(/^alice:\*:\d+:0:99999:7:::$/m);
    expect(root.exists("/etc/systemd/system/local.service")).toBe(false);
    expect(running(root)["local.service"]).toContain("/bin/ours");
    expect(running(root)).not.toHaveProperty("masked.service");
    ok(root, nothing, { shell });
    expect(root.snapshot({ times: true })).toEqual(before);
    expect(running(root)).toEqual(ran);
    expect(root.exists("/home/alice")).toBe(true);
  });

  test("the second activation of the same system changes nothing and touches no unit", () => {
    const root = scratch();
    root.apply(first);
    const after = root.snapshot({ times: true });
    root.takeCommands();
    ok(root, first);
    expect(root.snapshot({ times: true })).toEqual(after);
    expect(root.takeCommands()).toEqual(["daemon-reload"]);
  });

  test("any way leads to the same state", () => {
    const direct = scratch();
    direct.apply(second);
    const detour = scratch();
    detour.apply(first);
    detour.apply(second);
    expect(detour.snapshot()).toEqual(direct.snapshot());
    expect(running(detour)).toEqual(running(direct));
  });

  test("changed units are stopped before and started after, removed ones stopped", () => {
    const root = scratch();
    root.apply(first);
    root.takeCommands();
    const { output } = root.apply(second);
    expect(output).toContain("stopping the following units: hello.service, gone.service, local.service\n");
    expect(output).toContain("restarting the following units: vendor.service\n");
    expect(root.takeCommands()).toEqual([
      "stop -- hello.service gone.service local.service",
      "daemon-reload",
      "restart -- vendor.service",
      "start -- hello.service local.service masked.service",
    ]);
  });

  test("dry-activate says what would happen and changes nothing", () => {
    const root = scratch();
    root.apply(first);
    const before = root.snapshot({ times: true });
    const { output, status } = root.apply(second, { action: "dry-activate" });
    expect(status).toBe(0);
    expect(output).toContain("would stop the following units: hello.service");
    expect(output).toContain("would restart the following units: vendor.service");
    expect(root.snapshot({ times: true })).toEqual(before);
  });

  test("dry-activate leaves nothing on a machine that has never been activated either", () => {
    const root = scratch();
    const before = root.snapshot({ times: true });
    const { output, status } = root.apply(first, { action: "dry-activate" });
    expect(status, output).toBe(0);
    expect(output).toContain("would start the following units: ");
    expect(root.snapshot({ times: true })).toEqual(before);
    expect(root.exists("/run/nixus")).toBe(false);
    expect(root.exists("/var/lib/nixus")).toBe(false);
  });

  test("a file that somebody changed since is kept aside", () => {
    const root = scratch();
    root.apply(second);
    root.edit("/etc/motd", "edited\n");
    const { output, status } = root.apply(first);
    expect(status).toBe(0);
    expect(output).toContain("/etc/motd was changed on the machine since it was activated");
    expect(root.read("/var/lib/nixus/linux/kept/etc%motd.1")).toBe("edited\n");
    root.apply(nothing);
    expect(root.read("/etc/motd")).toBe("welcome\n");
  });

  test("a failing unit gives status 4, and the rest is in effect", () => {
    const root = scratch();
    const bad = system({
      ...first,
      units: [unit("bad.service", "# fails\n", { wantedBy: ["multi-user.target"] })],
    });
    const { output, status } = root.apply(bad);
    expect(status).toBe(4);
    expect(output).toContain("warning: the following units failed: bad.service\n");
    expect(root.read("/etc/hostname")).toBe("first\n");
  });

  test("a failing activation script gives status 2, and the next ones run", () => {
    const root = scratch();
    const scripts = system({
      activationScripts: [
        { name: "one", text: text("false\necho one >>/etc/ran") },
        { name: "two", text: text("echo two $NIXOS_ACTION >>/etc/ran") },
      ],
    });
    const { output, status } = root.apply(scripts);
    expect(output).toContain("Activation script snippet 'one' failed (1)");
    expect(status).toBe(2);
    expect(root.read("/etc/ran")).toBe("one\ntwo test\n");
  });

  test("names and ids that the machine gave to others are refused before anything changes", () => {
    const root = scratch();
    const before = root.snapshot({ times: true });
    const refused: readonly (readonly [LinuxSystem, string])[] = [
      [
        system({ users: [user("admin", { uid: 5 })] }),
        "the account 'admin' exists on this machine with the id 1000",
      ],
      [
        system({ users: [user("eve", { uid: 1000 })] }),
        "user 'eve' cannot have the id 1000: 'admin' has or had it",
      ],
      [system({ users: [user("eve", { group: "wheel" })] }), "the primary group 'wheel', which neither"],
      [
        system({ users: [user("eve", { shell: "/bin/fishy" })] }),
        "the shell /bin/fishy of the account 'eve'",
      ],
      [
        system({ groups: [group("sudo", { gid: 28 })] }),
        "the group 'sudo' exists on this machine with the id 27",
      ],
      [system({ etc: [etcText("systemd", "x")] }), "/etc/systemd is a directory on this machine"],
      [system({ etc: [etcText("motd/x", "x")] }), "/etc/motd is not a directory on this machine"],
      [system({ activationScripts: [{ name: "a", text: text("if") }] }), "syntax error"],
    ];
    for (const [bad, message] of refused) {
      const { output, status } = root.apply(bad);
      expect(output).toContain(message);
      expect(status).toBe(1);
      expect(root.snapshot({ times: true })).toEqual(before);
      expect(root.takeCommands()).toEqual([]);
    }
  });

  test("ids stay with their names, and a removed account gets its password back", () => {
    const root = scratch();
    const both = system({ users: [user("carol"), user("dave")] });
    root.apply(both);
    expect(root.read("/etc/passwd")).toMatch(/carol:x:1001:[\s\S]*dave:x:1002:/);
    root.edit("/etc/shadow", root.read("/etc/shadow").replace(/^carol:\*/m, "carol:$y$chosen"));
    root.apply(system({ users: [user("erin")] }));
    expect(root.read("/etc/passwd")).toContain("erin:x:1003:");
    expect(root.read("/etc/passwd")).not.toContain("carol");
    root.apply(both);
    expect(root.read("/etc/passwd")).toMatch(/carol:x:1001:[\s\S]*dave:x:1002:/);
    expect(root.read("/etc/shadow")).toContain("carol:$y$chosen:");
  });

  test("what an administrator did to accounts meanwhile stays", () => {
    const root = scratch();
    root.apply(first);
    root.edit(
      "/etc/group",
      root.read("/etc/group").replace("sudo:x:27:admin,alice", "sudo:x:27:admin,alice,daemon"),
    );
    root.edit("/etc/passwd", root.read("/etc/passwd").replace("/home/admin:/bin/sh", "/home/admin:/bin/zsh"));
    root.apply(nothing);
    expect(root.read("/etc/group")).toContain("sudo:x:27:admin,daemon\n");
    expect(root.read("/etc/passwd")).toContain("/home/admin:/bin/zsh\n");
  });

  test("a boot after an unconfirmed test puts the committed system into effect", () => {
    const committed = scratch();
    committed.apply(first);
    const expected = committed.snapshot();
    committed.apply(second);
    committed.reboot();
    ok(committed, first, { action: "restore" });
    expect(committed.snapshot()).toEqual(expected);
  });

  describe("killed at any step", () => {
    // An activation has some hundreds of steps. A few of them each time; NIXUS_CRASH_STRIDE=1 tries all.
    const { NIXUS_CRASH_STRIDE = "67" } = process.env;
    const stride = Number(NIXUS_CRASH_STRIDE);
    const firstStep = () => 1 + Math.floor(Math.random() * stride);

    const expected = new Map<LinuxSystem, Record<string, string>>();
    const stateOf = (target: LinuxSystem) => {
      const known = expected.get(target);
      if (known) return known;
      const root = scratch();
      root.apply(target);
      const snapshot = root.snapshot({ times: target === nothing });
      expected.set(target, snapshot);
      return snapshot;
    };

    test.each([
      ["first activation, then nothing", nothing, first, nothing],
      ["change, then back", first, second, first],
      ["removal, then again", second, nothing, second],
    ] as const)("%s", { timeout: 7_200_000 }, (_name, start, interrupted, target) => {
      const wanted = stateOf(target);
      let killed = true;
      let kills = 0;
      for (let step = firstStep(); killed; step += stride) {
        const root = new ScratchRoot(found);
        try {
          const ranAtFirst = running(root);
          root.apply(start);
          killed = root.apply(interrupted, { killAtStep: step }).killed;
          if (killed) kills += 1;
          if (step % 2 === 0) root.reboot();
          const result = root.apply(target, step % 2 === 0 ? { action: "restore" } : {});
          expect({ step, ...result }).toMatchObject({ step, status: 0 });
          if (step % 2 === 0) root.apply(target);
          expect({ step, files: root.snapshot({ times: target === nothing }) }).toEqual({
            step,
            files: wanted,
          });
          if (target === nothing && step % 2 !== 0) expect(running(root)).toEqual(ranAtFirst);
        } finally {
          root.remove();
        }
      }
      // Otherwise nothing was tried.
      expect(kills).toBeGreaterThan(0);
    });
  });
});
