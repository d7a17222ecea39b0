/**
 * The `switch-to-configuration.pl` of the nixpkgs in NIXUS_NIXPKGS (20.09) beside the one of the stand-in: the same exit
 * statuses, the same order; and deployments with the real one.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { activated, committedSystem, currentSystem, rolledBack } from "./nixus.ts";

const project = resolve(import.meta.dirname, "../..");
const program = join(project, "dist/cli/main.js");
const standIn = join(project, "test/fixtures/nixpkgs");
const nixpkgs = process.env["NIXUS_NIXPKGS"];
const script = `${nixpkgs}/nixos/modules/system/activation/switch-to-configuration.pl`;
const nixConf = "build-users-group =\nsandbox = false\nsubstituters =\n";

/** Where everything that a system does leaves a line. */
const said = (text: string) => `echo "${text}" >>/order`;

/** The systems, by name. Each has the services `old` and `kept`, unless it says something else. */
const systems = {
  good: "",
  changed: `
    systemd.services.kept.script = lib.mkForce ''${said("start changed kept")}'';
    systemd.services.old.script = lib.mkForce null;
    systemd.services.new.script = ''${said("start new")}'';
  `,
  "loader-fails": "boot.loader.script = lib.mkForce ''false'';",
  "activation-fails": `
    system.activationScript = lib.mkForce ''${said("activate badly")}; false'';
    systemd.services.new.script = ''${said("start new")}'';
  `,
  "units-fail": `
    systemd.services.bad.script = "exit 3";
    systemd.services.new.script = ''${said("start new")}'';
  `,
  "units-still-fail": `
    systemd.services.bad.script = "exit 3";
    systemd.services.new.script = lib.mkForce ''${said("start changed new")}'';
  `,
} as const;

type SystemName = keyof typeof systems;

const configuration = (body: string) => `({ lib, ... }: { imports = [ {
  boot.loader.script = ''${said("boot loader")}'';
  system.activationScript = ''${said("activate, kept is $(systemctl is-active kept), old is $(systemctl is-active old)")}'';
  systemd.services.kept.script = ''${said("start kept")}'';
  systemd.services.old.script = ''${said("start old")}'';
} { ${body} } ]; })`;

/** Two machines, `real` and `standin`; all systems are on both, and `name` runs. */
function network(name: SystemName, settings = ""): string {
  const nodes = Object.entries(systems).flatMap(([system, body]) =>
    ["real", "standin"].map(
      (kind) => `nodes."${system}-${kind}" = {
        host = null;
        configuration = { networking.hostName = "${system}"; imports = [ ${configuration(body)} (switch "${kind}") ]; };
      };`,
    ),
  );
  const paths = (kind: string) =>
    Object.keys(systems).map(
      (system) => `"${system}" = config.nodes."${system}-${kind}".configuration.system.build.toplevel;`,
    );
  const machines = ["real", "standin"].map(
    (kind) => `nodes.${kind} = {
      host = "root@${kind}.example.com";
      configuration.system = config.nodes."${name}-${kind}".configuration.system.build.toplevel;
      ${settings}
      closurePaths = { ${paths(kind).join(" ")} };
    };`,
  );
  return `{ config, lib, ... }: let
    switch = kind: if kind == "real" then import ${project}/test/machines/real-switch/system.nix { script = ${script}; } else { };
  in {
    defaults.nixpkgs = ${standIn};
    ${[...nodes, ...machines].join("\n")}
  }`;
}

describe.skipIf(nixpkgs === undefined || !existsSync(script))(
  "the real switch-to-configuration.pl (NIXUS_NIXPKGS names a nixpkgs 20.09)",
  () => {
    let lab: Lab;
    let machines: readonly Machine[];

    async function nixus(name: SystemName, settings = "") {
      const file = join(lab.home, `${name}.nix`);
      writeFileSync(file, network(name, settings));
      const inLab = 'mount --bind "$1" /nix && shift && exec "$@"';
      const command = [process.execPath, program, "deploy", "-f", file];
      return await lab.run(
        ["unshare", "--mount", "/bin/sh", "-c", inLab, "sh", join(lab.home, "nix"), ...command],
        { cwd: lab.home, env: { NIX_CONFIG: nixConf } },
      );
    }

    beforeAll(async () => {
      lab = await Lab.start({
        machines: ["real", "standin"].map((name) => ({
          name: `${name}.example.com`,
          image: "debian-perl" as const,
          files: { "/etc/nix/nix.conf": nixConf, "/etc/NIXOS": "" },
        })),
      });
      machines = lab.machines;
      for (const part of ["store", "var/nix"]) mkdirSync(join(lab.home, "nix", part), { recursive: true });
      // A first system, and a target among NixOS's own units: it starts what is new.
      await Promise.all(
        machines.map((machine) =>
          machine.exec(`
            cp /usr/lib/systemd/system/multi-user.target /etc/systemd/system/
            mkdir -p /tmp/first-system/bin /tmp/first-system/sw
            ln -s /usr/bin /tmp/first-system/sw/bin
            printf 2 >/tmp/first-system/init-interface-version
            printf '#!/bin/sh\\nln -sfn "$(dirname "$(dirname "$(readlink -f "$0")")")" /run/current-system\\n' \
              >/tmp/first-system/bin/switch-to-configuration
            chmod 755 /tmp/first-system/bin/switch-to-configuration
            system=$(nix-store --add /tmp/first-system)
            nix-env --profile /nix/var/nix/profiles/system --set "$system"
            ln -sfn "$system" /run/current-system
          `),
        ),
      );
      // The image may have to be built.
    }, 900_000);
    afterAll(() => lab?.stop());

    test("activates and commits a system that is deployed", async () => {
      const { stdout, stderr, exitCode } = await nixus("good");
      expect(exitCode, stdout + stderr).toBe(0);
      for (const machine of machines) {
        expect(stdout).toContain(`[${machine.name}] ${activated}`);
        const system = await currentSystem(machine);
        expect(system).toMatch(/-nixos-system-good-20\.09$/);
        expect(await committedSystem(machine)).toBe(system);
        expect((await machine.readFile("/boot/default")).trim()).toBe(system);
        const order = (await machine.readFile("/order")).split("\n");
        expect(order.slice(1, 3).toSorted()).toEqual(["start kept", "start old"]);
        expect([order[0], order[3]]).toEqual(["activate, kept is inactive, old is inactive", "boot loader"]);
      }
    });

    /** What an action of a system does: its exit status, what it left in /order, and what then runs and boots. */
    async function act(machine: Machine, name: string, action: string) {
      const { stdout } = await machine.exec(`
        : >/order
        for system in /nix/store/*-nixos-system-${name}-20.09; do :; done
        "$system/bin/switch-to-configuration" ${action} >/tmp/output 2>&1 </dev/null
        echo "status $?"
        cat /order
        systemctl is-failed bad.service >/dev/null && echo "bad failed"
        basename "$(readlink -f /run/current-system)" | cut -c 34-
        basename "$(cat /boot/default)" | cut -c 34-
      `);
      return stdout.trimEnd().split("\n");
    }

    test("has the exit statuses and the order of the stand-in", async () => {
      const steps: readonly (readonly [SystemName, string])[] = [
        ["changed", "dry-activate"],
        ["changed", "nonsense"],
        ["changed", "test"],
        ["good", "test"],
        ["loader-fails", "boot"],
        ["loader-fails", "switch"],
        ["changed", "boot"],
        ["activation-fails", "test"],
        ["units-fail", "test"],
        ["good", "switch"],
      ];
      const found: Record<string, readonly (readonly string[])[]> = {};
      for (const machine of machines) {
        const results: (readonly string[])[] = [];
        for (const [name, action] of steps)
          results.push([name, action, ...(await act(machine, name, action))]);
        found[machine.name] = results;
      }
      expect(found["real.example.com"]).toEqual(found["standin.example.com"]);
      const statuses = found["real.example.com"]!.map(
        ([name, action, status]) => `${name} ${action} ${status}`,
      );
      expect(statuses).toEqual([
        "changed dry-activate status 0",
        "changed nonsense status 1",
        "changed test status 0",
        "good test status 0",
        "loader-fails boot status 1",
        "loader-fails switch status 1",
        "changed boot status 0",
        "activation-fails test status 2",
        "units-fail test status 4",
        "good switch status 0",
      ]);
    });

    test("is rolled back by a deployment for each of its failures", async () => {
      for (const name of ["activation-fails", "units-fail", "loader-fails"] as const) {
        const before = await Promise.all(machines.map(currentSystem));
        const { stdout, exitCode } = await nixus(name);
        expect(exitCode).toBe(1);
        for (const [index, machine] of machines.entries()) {
          expect(stdout, name).toContain(`[${machine.name}] ${rolledBack}`);
          expect(await currentSystem(machine)).toBe(before[index]);
          expect(await committedSystem(machine)).toBe(before[index]);
          expect((await machine.readFile("/boot/default")).trim()).toBe(before[index]);
        }
      }
    });

    test("names units that had failed before as well, which it starts again", async () => {
      const ignored = await nixus("units-fail", "ignoreFailingSystemdUnits = true;");
      expect(ignored.exitCode, ignored.stdout).toBe(0);
      const { stdout, exitCode } = await nixus("units-still-fail");
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(
        /\[real\.example\.com\] error: .*units failed: bad\.service \(which had failed before as well\)/,
      );
    });
  },
);
