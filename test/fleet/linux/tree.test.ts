import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptySystem, type LinuxSystem } from "../../../src/fleet/platforms/linux/system.ts";
import { addLinuxSystem } from "../../../src/fleet/platforms/linux/tree.ts";
import { fromBytes } from "../../../src/store/bytes.ts";
import type { TreeNode } from "../../../src/store/tree.ts";
import { VirtualStore } from "../../../src/store/virtual-store.ts";
import { copied, etcText, group, system, text, unit, user } from "./systems.ts";

/** The tree of a system, by path: text, `link TARGET`. */
function contents(target: LinuxSystem): Record<string, string> {
  const store = new VirtualStore();
  const found: Record<string, string> = {};
  const visit = (path: string, node: TreeNode) => {
    if (node.type === "symlink") found[path] = `link ${node.target}`;
    else if (node.type === "regular") found[path] = fromBytes(node.contents as Uint8Array);
    else for (const [name, below] of node.entries) visit(path === "" ? name : `${path}/${name}`, below);
  };
  const object = store.get(addLinuxSystem(store, target));
  if (object === undefined) throw new Error("the system is not in the store");
  visit("", object.tree);
  return found;
}

const hash = "[0-9a-z]{32}";

describe("a linux system as a tree", () => {
  test("the system that manages nothing has empty manifests", () => {
    const tree = contents(emptySystem("aarch64-linux"));
    for (const name of ["files", "units", "users", "groups", "members", "settings"])
      expect(tree[`manifest/${name}`]).toBe("");
    expect(tree["manifest/version"]).toBe("1\n");
    expect(tree["system"]).toBe("aarch64-linux");
    expect(tree).not.toHaveProperty("bin/activate");
  });

  test("files: links, copies, additions, and copies of what must work without /nix", () => {
    const tree = contents(
      system({
        hostName: "foo",
        etc: [
          etcText("motd", "hi\n"),
          etcText("sudoers.d/x", "x\n"),
          etcText("secret", "x\n", copied("440", "alice", "100")),
          etcText("hosts", "x\n", { type: "append" }),
        ],
      }),
    );
    expect(tree["manifest/files"]).toMatch(
      new RegExp(
        [
          `^copy /etc/hostname 0444 root root /nix/store/${hash}-etc-hostname`,
          `append /etc/hosts - - - /nix/store/${hash}-etc-hosts`,
          `link /etc/motd - - - /nix/store/${hash}-etc-motd`,
          `copy /etc/secret 0440 alice 100 /nix/store/${hash}-etc-secret`,
          `copy /etc/sudoers\\.d/x 0444 root root /nix/store/${hash}-etc-x\n$`,
        ].join("\n"),
      ),
    );
    expect(tree["manifest/settings"]).toBe("hostname foo\n");
    expect(tree["etc/motd"]).toMatch(new RegExp(`^link /nix/store/${hash}-etc-motd$`));
  });

  test("units go to /run, and out of the way of ones in /etc", () => {
    const tree = contents(
      system({
        units: [
          unit("a.service", "A", { wantedBy: ["multi-user.target"], aliases: ["b.service"] }),
          unit("off.service", "", { enable: false }),
          unit("ssh.service", "S", { strategy: "drop-in" }),
        ],
      }),
    );
    const files = (tree["manifest/files"] ?? "").replace(new RegExp(`/nix/store/${hash}`, "g"), "STORE");
    expect(files.split("\n")).toEqual([
      "absent /etc/systemd/system/a.service - - - -",
      "absent /etc/systemd/system/b.service - - - -",
      "absent /etc/systemd/system/off.service - - - -",
      "copy /run/systemd/system/a.service 0444 root root STORE-a.service",
      "link /run/systemd/system/b.service - - - a.service",
      "link /run/systemd/system/multi-user.target.wants/a.service - - - ../a.service",
      "link /run/systemd/system/off.service - - - /dev/null",
      "copy /run/systemd/system/ssh.service.d/overrides.conf 0444 root root STORE-ssh.service-overrides.conf",
      "",
    ]);
    expect((tree["manifest/units"] ?? "").replace(/[0-9a-f]{32}/g, "V")).toBe(
      "a.service stop-start V V whole multi-user.target\n" +
        "off.service mask V V whole -\n" +
        "ssh.service stop-start V V drop-in -\n",
    );
  });

  test("a unit's version depends on its text and triggers, not on who wants it", () => {
    const version = (...parts: Parameters<typeof unit>) =>
      contents(system({ units: [unit(...parts)] }))
        ["manifest/units"]?.split(" ")
        .slice(2, 4);
    const [plain, reload] = version("a.service", "A") ?? [];
    expect(version("a.service", "A", { wantedBy: ["multi-user.target"] })).toEqual([plain, reload]);
    expect(version("a.service", "B")?.[0]).not.toBe(plain);
    expect(version("a.service", "A", { restartTriggers: [text("x")] })?.[0]).not.toBe(plain);
    const triggered = version("a.service", "A", { reloadTriggers: [text("x")] });
    expect(triggered?.[0]).toBe(plain);
    expect(triggered?.[1]).not.toBe(reload);
  });

  test("the references of everything are the tree's", () => {
    const store = new VirtualStore();
    const tool = store.addText("tool", Buffer.from("x"), []);
    const path = addLinuxSystem(
      store,
      system({
        units: [unit("a.service", "A", { restartTriggers: [text(tool, [tool])] })],
        activationScripts: [{ name: "x", text: text(`${tool}\n`, [tool]) }],
      }),
    );
    expect(store.get(path)?.references).toContain(tool);
    expect(store.closure([path]).map((object) => object.path)).toContain(tool);
  });

  test("root gets keys and nothing else", () => {
    const root = user("root", { group: null, home: null, shell: null, authorizedKeys: ["ssh-ed25519 A"] });
    const tree = contents(system({ users: [root] }));
    expect(tree["manifest/users"]).toBe("");
    expect(tree["manifest/files"]).toMatch(/^copy \/etc\/ssh\/authorized_keys\.d\/root 0444 root root /m);
    expect(tree["manifest/files"]).toContain("sshd-include /etc/ssh/sshd_config - - - -\n");
    expect(tree["manifest/settings"]).toMatch(/^sshd [0-9a-f]{32}$/m);
    expect(() => contents(system({ users: [{ ...root, shell: "/bin/sh" }] }))).toThrow("root's login");
  });

  const refused: readonly (readonly [string, LinuxSystem, string])[] = [
    [
      "a name with a space",
      system({ etc: [etcText("a b", "")] }),
      "environment.etc.\"a b\": 'a b' has a character",
    ],
    ["a way out of /etc", system({ etc: [etcText("../x", "")] }), "without empty, '.' and '..' parts"],
    ["a line end in a name", system({ etc: [etcText("a\nb", "")] }), "has a character other than"],
    ["the same file twice", system({ etc: [etcText("a", "1"), etcText("a", "2")] }), "/etc/a is made by"],
    ["a file below a file", system({ etc: [etcText("a", "1"), etcText("a/b", "2")] }), "lies below /etc/a"],
    ["the accounts", system({ etc: [etcText("passwd", "")] }), "use those"],
    ["what boots before us", system({ etc: [etcText("fstab", "")] }), "stays the machine's own"],
    ["a bad mode", system({ etc: [etcText("a", "", copied("9"))] }), "must be octal digits"],
    ["no unit name", system({ units: [unit("a", "")] }), "is not the name of a unit"],
    ["our own unit", system({ units: [unit("nixus-restore.service", "")] }), "a unit of Nixus itself"],
    ["a unit twice", system({ units: [unit("a.service", ""), unit("a.service", "")] }), "is defined twice"],
    ["a user's name", system({ users: [user("a:b")] }), "cannot be a user or group name"],
    ["uid 0", system({ users: [user("toor", { uid: 0 })] }), "cannot be the id"],
    [
      "one uid for two",
      system({ users: [user("a", { uid: 5 }), user("b", { uid: 5 })] }),
      "same name or id as 'a'",
    ],
    ["a field's colon", system({ users: [user("a", { description: "x:y" })] }), "must not contain ':'"],
    ["no group", system({ users: [user("a", { group: null })] }), "has no primary group"],
    [
      "two lines in a key",
      system({ users: [user("a", { authorizedKeys: ["x\ny"] })] }),
      "must be a single line",
    ],
    ["a gid", system({ groups: [group("g", { gid: -1 })] }), "cannot be the id"],
    ["a host name", system({ hostName: "foo.example.com" }), "the part before the first dot"],
    [
      "a .link file",
      system({ network: { files: [{ name: "a.link", text: text("") }] } }),
      ".network or .netdev",
    ],
  ];
  test.each(refused)("refused: %s", (_what, target, message) => {
    expect(() => contents(target)).toThrow(message);
  });

  test("whatever the names, a manifest has the lines that were meant, or there is no system", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.string({ maxLength: 12 }),
        (path, account) => {
          let tree: Record<string, string>;
          try {
            tree = contents(
              system({
                etc: [etcText(path, "x", copied("444", account))],
                units: [unit(`${account}.service`, "x")],
                users: [user(account, { description: path })],
              }),
            );
          } catch (error) {
            expect((error as Error).name).toBe("LinuxSystemError");
            return;
          }
          expect(
            tree["manifest/files"]?.split("\n").every((line) => line === "" || line.split(" ").length === 6),
          ).toBe(true);
          expect(tree["manifest/users"]?.split("\n").map((line) => line.split(":").length)).toEqual([9, 1]);
        },
      ),
    );
  });
});

describe("the scripts", () => {
  const directory = new URL("../../../src/fleet/platforms/linux/target/", import.meta.url).pathname;
  const scripts = readdirSync(directory).map((name) => directory + name);
  test.each(["dash", "bash"])("are read by %s", (shell) => {
    for (const script of scripts)
      expect(spawnSync(shell, ["-n", script], { encoding: "utf8" }).stderr).toBe("");
  });
  test.skipIf(spawnSync("shellcheck", ["--version"]).status !== 0)("pass shellcheck", () => {
    expect(spawnSync("shellcheck", scripts, { encoding: "utf8" }).stdout).toBe("");
  });
});
