import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Unit } from "../../../src/fleet/platforms/linux/system.ts";
import { messageOf } from "../network-of.ts";
import { systemOf } from "./system-of.ts";

function unitOf(configuration: string, name: string): Unit {
  const unit = systemOf(configuration).units.find((one) => one.name === name);
  if (unit === undefined) throw new Error(`no unit ${name}`);
  return unit;
}

describe("units of other types than services", () => {
  it("have their sections", () => {
    const configuration = `
      systemd.sockets.game = {
        wantedBy = [ "sockets.target" ]; listenStreams = [ "0.0.0.0:25565" "/run/game" ]; listenDatagrams = [ "53" ];
        socketConfig = { Accept = true; };
      };
      systemd.paths.inbox.pathConfig.PathExistsGlob = "/srv/in/*";
      systemd.slices.small.sliceConfig.MemoryMax = "100M";
      systemd.targets.all.wants = [ "a.service" ];
      systemd.mounts = [ { what = "tmpfs"; type = "tmpfs"; where = "/srv/scratch"; options = "size=1M,noexec"; mountConfig.DirectoryMode = "0700"; } ];
      systemd.automounts = [ { where = "/srv/scratch"; wantedBy = [ "multi-user.target" ]; automountConfig.TimeoutIdleSec = 60; } ];`;
    const textOf = (name: string) => unitOf(configuration, name).text.text;
    expect(textOf("game.socket")).toBe(
      "[Socket]\nListenStream=0.0.0.0:25565\nListenStream=/run/game\nListenDatagram=53\nAccept=true\n",
    );
    expect(unitOf(configuration, "game.socket").wantedBy).toEqual(["sockets.target"]);
    expect(textOf("inbox.path")).toBe("[Path]\nPathExistsGlob=/srv/in/*\n");
    expect(textOf("small.slice")).toBe("[Slice]\nMemoryMax=100M\n");
    expect(textOf("all.target")).toBe("[Unit]\nWants=a.service\n");
    expect(textOf("srv-scratch.mount")).toBe(
      "[Mount]\nWhat=tmpfs\nWhere=/srv/scratch\nType=tmpfs\nOptions=size=1M,noexec\nDirectoryMode=0700\n",
    );
    expect(textOf("srv-scratch.automount")).toBe("[Automount]\nWhere=/srv/scratch\nTimeoutIdleSec=60\n");
  });

  it("may add to what the distribution has", () => {
    const unit = unitOf(
      `systemd.services.cron = { overrideStrategy = "asDropin"; serviceConfig.Nice = 5; };`,
      "cron.service",
    );
    expect(unit).toMatchObject({ strategy: "drop-in", text: { text: "[Service]\nNice=5\n" } });
    expect(unitOf(`systemd.services.cron.script = "true";`, "cron.service").strategy).toBe("whole");
  });

  it("add to what the distribution has where they could be no unit by themselves", () => {
    const strategyOf = (option: string, name: string) =>
      unitOf(`systemd.${option} = { wantedBy = [ "multi-user.target" ]; };`, name).strategy;
    expect(strategyOf("services.cron", "cron.service")).toBe("drop-in");
    expect(strategyOf("sockets.cups", "cups.socket")).toBe("drop-in");
    expect(strategyOf("timers.fstrim", "fstrim.timer")).toBe("drop-in");
    expect(strategyOf("targets.mine", "mine.target")).toBe("whole");
    const service = (config: string) =>
      unitOf(`systemd.services.x = { serviceConfig = { ${config} }; };`, "x.service").strategy;
    expect(service(`ExecStartPre = "/bin/true"; Nice = 5;`)).toBe("drop-in");
    expect(service(`ExecStart = [ "" "/bin/true" ];`)).toBe("whole");
    expect(service(`Type = "oneshot"; ExecStop = "/bin/true";`)).toBe("whole");
  });

  it("of mounts are refused where no unit could have the name", () => {
    const mount = (where: string) => `systemd.mounts = [ { what = "tmpfs"; where = "${where}"; } ];`;
    expect(messageOf(() => systemOf(mount("srv")))).toContain("where");
    expect(messageOf(() => systemOf(mount("/srv/../etc")))).toContain(
      "'systemd.mounts': '/srv/../etc' must be a path",
    );
  });
});

describe.runIf(spawnSync("systemd-escape", ["--version"]).status === 0)("names of mounts", () => {
  it("are those that systemd-escape gives", () => {
    const segment = fc.stringMatching(/^[a-zA-Z0-9._@ é-]{1,6}$/).filter((text) => !/^\.\.?$/.test(text));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 3 }), (segments) => {
        const where = `/${segments.join("/")}`;
        const configuration = `systemd.mounts = [ { what = "x"; where = "${where}"; } ];`;
        const [unit] = systemOf(configuration).units;
        const expected = execFileSync("systemd-escape", ["--path", "--suffix=mount", where], {
          encoding: "utf8",
        });
        expect(`${unit?.name}\n`).toBe(expected);
      }),
      { numRuns: 25 },
    );
  });
});

describe("systemd.tmpfiles.rules", () => {
  it("are lines of one file", () => {
    expect(
      systemOf(`systemd.tmpfiles.rules = [ "d /srv/a 0750 root root -" "L+ /srv/b - - - - /srv/a" ];`)
        .tmpfiles,
    ).toEqual({
      text: "d /srv/a 0750 root root -\nL+ /srv/b - - - - /srv/a\n",
      references: [],
    });
    expect(systemOf("").tmpfiles).toBeNull();
  });

  it("are refused when they are none, or when they are about /etc", () => {
    for (const [rule, message] of [
      ["/srv/a 0750", "is not a rule"],
      ["d srv", "is not a rule"],
      ["", "is not a rule"],
      ["d /etc/x", "use environment.etc"],
      ["L+ //etc", "use environment.etc"],
    ] as const)
      expect(messageOf(() => systemOf(`systemd.tmpfiles.rules = [ "${rule}" ];`))).toContain(message);
  });
});

describe("security.sudo", () => {
  const sudoersOf = (configuration: string) =>
    systemOf(configuration).etc.find(({ path }) => path === "sudoers.d/zz-nixus");

  it("has rules in sudoers' syntax", () => {
    const file = sudoersOf(`security.sudo = {
      extraRules = [
        { users = [ "alice" 1000 ]; groups = [ "ops" ]; commands = [ { command = "/usr/bin/id"; options = [ "NOPASSWD" "SETENV" ]; } "/usr/bin/true" ]; }
        { groups = [ 100 ]; host = "web"; runAs = "www:www"; commands = [ "ALL" ]; }
        { users = [ "nobody" ]; commands = [ ]; }
      ];
      extraConfig = "Defaults:alice !lecture";
    };`);
    expect(file).toMatchObject({
      mode: { type: "copy", mode: "0440", user: "root", group: "root" },
      contents: {
        text: {
          text: [
            "alice ALL=(ALL:ALL) NOPASSWD: SETENV: /usr/bin/id, /usr/bin/true",
            "#1000 ALL=(ALL:ALL) NOPASSWD: SETENV: /usr/bin/id, /usr/bin/true",
            "%ops ALL=(ALL:ALL) NOPASSWD: SETENV: /usr/bin/id, /usr/bin/true",
            "%#100 web=(www:www) ALL",
            "Defaults:alice !lecture",
          ].join("\n"),
        },
      },
    });
  });

  it("leaves sudo to the machine when there is nothing to say", () => {
    expect(sudoersOf("")).toBeUndefined();
    expect(sudoersOf(`security.sudo = { enable = false; extraConfig = "x"; };`)).toBeUndefined();
    expect(systemOf(`security.sudo.extraConfig = "x";`, "environment.systemPackages")).toEqual(["sudo"]);
    expect(systemOf("", "environment.systemPackages")).toEqual([]);
  });

  it("says which option is wrong", () => {
    const rule = (text: string) => messageOf(() => systemOf(`security.sudo.extraRules = [ { ${text} } ];`));
    expect(rule(`commands = [ { command = "/x"; options = [ "NOPASS" ]; } ];`)).toContain(
      "security.sudo.extraRules",
    );
    expect(rule(`users = [ "a\\nb ALL=ALL" ]; commands = [ "ALL" ];`)).toContain("security.sudo.extraRules");
  });
});
