import { describe, expect, it } from "vitest";
import type { LinuxSystem, Unit } from "../../../src/fleet/platforms/linux/system.ts";
import { messageOf } from "../network-of.ts";
import { systemOf } from "./system-of.ts";

function unitOf(system: LinuxSystem, name: string): Unit {
  const unit = system.units.find((found) => found.name === name);
  if (unit === undefined) throw new Error(`no unit ${name} among ${system.units.map((one) => one.name)}`);
  return unit;
}

describe("systemd units", () => {
  it("have their sections in systemd's syntax", () => {
    const unit = unitOf(
      systemOf(`systemd.services.web = {
        description = "Web server";
        after = [ "network.target" "db.service" ];
        wants = [ "db.service" ];
        unitConfig.ConditionPathExists = [ "/a" "/b" ];
        startLimitIntervalSec = 0;
        environment = { GREETING = "say \\"hi\\" 100% \\\\o/"; NOTHING = null; };
        serviceConfig = { ExecStart = "/bin/web"; Restart = "always"; PrivateTmp = true; LimitNOFILE = 5; Nice = null; };
      };`),
      "web.service",
    );
    expect(unit.text.text).toBe(
      [
        "[Unit]",
        "Description=Web server",
        "Wants=db.service",
        "After=network.target db.service",
        "StartLimitIntervalSec=0",
        "ConditionPathExists=/a",
        "ConditionPathExists=/b",
        "",
        "[Service]",
        'Environment="GREETING=say \\"hi\\" 100%% \\\\o/"',
        "ExecStart=/bin/web",
        "LimitNOFILE=5",
        "PrivateTmp=true",
        "Restart=always",
        "",
      ].join("\n"),
    );
    expect(unit.text.references).toEqual([]);
  });

  it("refer to the scripts that they run", () => {
    const unit = unitOf(
      systemOf(
        `systemd.services.job = { preStart = "mkdir -p /run/job"; script = "echo hi"; scriptArgs = "%i"; };`,
      ),
      "job.service",
    );
    expect(unit.text.references).toHaveLength(2);
    for (const reference of unit.text.references) expect(unit.text.text).toContain(reference);
    expect(unit.text.text).toMatch(
      /^\[Service\]\nExecStartPre=\/nix\/store\/\S+-unit-script-job-pre-start\nExecStart=\/nix\/store\/\S+-unit-script-job-start %i\n$/,
    );
  });

  it("have timers for startAt, unless one is defined", () => {
    const system = systemOf(`
      systemd.services.a = { script = "true"; startAt = "daily"; };
      systemd.services.b = { script = "true"; startAt = [ "hourly" "weekly" ]; };
      systemd.services.c = { script = "true"; startAt = "daily"; };
      systemd.timers.c = { wantedBy = [ "timers.target" ]; timerConfig.OnBootSec = 5; };
    `);
    expect(unitOf(system, "a.timer").text.text).toBe("[Timer]\nOnCalendar=daily\n");
    expect(unitOf(system, "a.timer").wantedBy).toEqual(["timers.target"]);
    expect(unitOf(system, "b.timer").text.text).toBe("[Timer]\nOnCalendar=hourly\nOnCalendar=weekly\n");
    expect(system.units.filter((unit) => unit.name === "c.timer")).toHaveLength(1);
    expect(unitOf(system, "c.timer").text.text).toBe("[Timer]\nOnBootSec=5\n");
  });

  it("say what happens to them on a change", () => {
    const system = systemOf(`
      systemd.services.a = { restartIfChanged = false; restartTriggers = [ "one" { two = 2; } 3 ]; };
      systemd.targets.t.wantedBy = [ "multi-user.target" ];
    `);
    expect(unitOf(system, "a.service").change).toEqual({
      restartIfChanged: false,
      reloadIfChanged: false,
      stopIfChanged: true,
    });
    expect(unitOf(system, "a.service").restartTriggers.map(({ text }) => text)).toEqual([
      "one",
      '{"two":2}',
      "3",
    ]);
    expect(unitOf(system, "t.target").text.text).toBe("");
  });

  it("refuse values that would start another line", () => {
    expect(
      messageOf(() => systemOf(`systemd.services.a.serviceConfig.ExecStart = "a\\nUser=root";`)),
    ).toContain("option 'systemd.services.a.serviceConfig.ExecStart' has a line break");
  });

  it("put directories of path in front of the distribution's", () => {
    const unit = unitOf(systemOf(`systemd.services.a.path = [ "/opt/x" ];`), "a.service");
    expect(unit.text.text).toMatch(
      /^\[Service\]\nEnvironment="PATH=\/opt\/x\/bin:\/opt\/x\/sbin:\/usr\/local\/sbin:/,
    );
  });
});

describe("files", () => {
  it("are links, or copies that have a mode", () => {
    const { etc } = systemOf(`
      environment.etc.a.text = "a";
      environment.etc.b = { text = "b"; mode = "0640"; group = "adm"; target = "c/d"; };
      environment.etc.off = { text = "x"; enable = false; };
    `);
    expect(etc).toEqual([
      {
        path: "a",
        contents: { type: "text", text: { text: "a", references: [] } },
        mode: { type: "symlink" },
      },
      {
        path: "c/d",
        contents: { type: "text", text: { text: "b", references: [] } },
        mode: { type: "copy", mode: "0640", user: "root", group: "adm" },
      },
    ]);
  });

  it("need one source", () => {
    expect(messageOf(() => systemOf(`environment.etc.a = { };`))).toContain(
      "has neither a text nor a source",
    );
    expect(messageOf(() => systemOf(`environment.etc.a = { text = "x"; source = "/y"; };`))).toContain(
      "both",
    );
  });

  it("have the names of hosts added", () => {
    const { etc } = systemOf(`
      networking.hosts."192.0.2.1" = [ "a" "b" ];
      networking.hosts."192.0.2.2" = [ ];
      networking.extraHosts = "192.0.2.3 c";
    `);
    expect(etc).toEqual([
      {
        path: "hosts",
        contents: { type: "text", text: { text: "192.0.2.1 a b\n192.0.2.3 c", references: [] } },
        mode: { type: "append" },
      },
    ]);
  });

  it("cannot refer to derivations", () => {
    const message = messageOf(() =>
      systemOf(
        `environment.etc.a.text = "\${derivation { name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; }}";`,
      ),
    );
    expect(message).toMatch(/refers to the derivation '\/nix\/store\/\S+-x\.drv'/);
  });
});

describe("accounts", () => {
  it("have NixOS's defaults", () => {
    const { users, groups } = systemOf(`
      users.users.alice = { isNormalUser = true; openssh.authorizedKeys.keys = [ "k1" ]; };
      users.users.daemon2 = { isSystemUser = true; group = "daemons"; uid = 400; };
      users.groups.daemons.gid = 401;
    `);
    expect(users).toMatchObject([
      {
        name: "alice",
        group: "users",
        home: "/home/alice",
        createHome: true,
        shell: "/bin/bash",
        authorizedKeys: ["k1"],
      },
      {
        name: "daemon2",
        group: "daemons",
        home: null,
        createHome: false,
        shell: null,
        uid: 400,
        isSystemUser: true,
      },
    ]);
    expect(groups).toEqual([{ name: "daemons", gid: 401, members: [] }]);
  });

  it.each([
    [`users.users.x = { };`, "exactly one of 'users.users.x.isNormalUser' and 'users.users.x.isSystemUser'"],
    [`users.users.x.isSystemUser = true;`, "'users.users.x.group' is not set"],
  ])("refuse %s", (configuration, message) => {
    expect(messageOf(() => systemOf(configuration))).toContain(message);
  });
});

describe("sshd", () => {
  it("is told the settings and where keys are", () => {
    const { sshd } = systemOf(`services.openssh = {
      settings = { PasswordAuthentication = false; Ciphers = [ "a" "b" ]; PermitRootLogin = "prohibit-password"; LogLevel = null; };
      ports = [ 22 2222 ];
      authorizedKeysInHomedir = false;
      extraConfig = "Match User x\\n";
    };`);
    expect(sshd?.config).toBe(
      [
        "Ciphers a,b",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "Port 22",
        "Port 2222",
        "AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u",
        "Match User x",
        "",
      ].join("\n"),
    );
  });

  it("is left alone when it is not enabled", () => {
    expect(systemOf("services.openssh.enable = false;").sshd).toBeNull();
  });

  it("refuses what is no setting", () => {
    expect(messageOf(() => systemOf(`services.openssh.settings."Match User" = "x";`))).toContain(
      "is not a keyword",
    );
  });
});

describe("the network", () => {
  it("is left alone unless it is described", () => {
    expect(systemOf("").network).toBeNull();
  });

  it("becomes files of networkd", () => {
    const { network } = systemOf(`
      systemd.network.networks."10-lan" = {
        matchConfig.Name = "eth*";
        address = [ "192.0.2.2/24" "2001:db8::2/64" ];
        gateway = [ "192.0.2.1" ];
        DHCP = "ipv6";
        networkConfig.IPv6AcceptRA = true;
        routes = [ { Destination = "198.51.100.0/24"; Gateway = "192.0.2.9"; } ];
      };
      systemd.network.netdevs.br0.netdevConfig = { Name = "br0"; Kind = "bridge"; };
    `);
    expect(network?.files.map(({ name, text }) => [name, text.text])).toEqual([
      [
        "10-lan.network",
        [
          "[Match]",
          "Name=eth*",
          "",
          "[Network]",
          "IPv6AcceptRA=true",
          "DHCP=ipv6",
          "Address=192.0.2.2/24",
          "Address=2001:db8::2/64",
          "Gateway=192.0.2.1",
          "",
          "[Route]",
          "Destination=198.51.100.0/24",
          "Gateway=192.0.2.9",
          "",
        ].join("\n"),
      ],
      ["br0.netdev", "[NetDev]\nKind=bridge\nName=br0\n"],
    ]);
  });
});

describe("activation scripts", () => {
  it("run after those that they depend on", () => {
    const { activationScripts } = systemOf(`system.activationScripts = {
      a = { text = "a"; deps = [ "c" ]; };
      b = "b";
      c = { text = "c"; deps = [ "b" ]; };
    };`);
    expect(activationScripts.map(({ name }) => name)).toEqual(["b", "c", "a"]);
  });

  it.each([
    [`a = { text = ""; deps = [ "b" ]; }; b = { text = ""; deps = [ "a" ]; };`, "in a circle: a -> b -> a"],
    [`a = { text = ""; deps = [ "nothing" ]; };`, "names 'nothing', but there is no such script"],
  ])("refuse %s", (scripts, message) => {
    expect(messageOf(() => systemOf(`system.activationScripts = { ${scripts} };`))).toContain(message);
  });
});
