/**
 * NixOS-shaped systems (test/fixtures/nixpkgs) on machines: built by a real Nix here, on the target and on a third
 * machine; copied, activated, and what goes wrong with each.
 */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Machine, type Result, type Running } from "./lib/index.ts";
import { poll } from "./lib/process.ts";
import { installFirstSystem, nixConf } from "./nixos.ts";
import { activated, committedSystem, currentSystem, rolledBack } from "./nixus.ts";

const project = resolve(import.meta.dirname, "../..");
const program = join(project, "dist/cli/main.js");
const nixpkgs = join(project, "test/fixtures/nixpkgs");
const hostOf = (name: string) => `${name}.example.com`;

let lab: Lab;
let foo: Machine;
let bar: Machine;
let builder: Machine;
let files = 0;

beforeAll(async () => {
  const names = ["foo", "bar", "builder"];
  lab = await Lab.start({
    machines: names.map((name) => ({ name: hostOf(name), files: { "/etc/nix/nix.conf": nixConf } })),
  });
  [foo, bar, builder] = names.map((name) => lab.machine(hostOf(name))) as [Machine, Machine, Machine];
  for (const directory of ["store", "var/nix"])
    mkdirSync(join(lab.home, "nix", directory), { recursive: true });
  mkdirSync(join(lab.home, "empty"));
  // All that a deployer without Nix has.
  mkdirSync(join(lab.home, "bin"));
  for (const name of ["ssh", "sh"]) symlinkSync(`/usr/bin/${name}`, join(lab.home, "bin", name));
  await Promise.all([foo, bar].map(installFirstSystem));
});
afterAll(() => lab?.stop());

interface How {
  /** Whether the deployer has a Nix (with a store of the lab's own); true when left out. */
  readonly nix?: boolean;
}

function spawnNixus(args: readonly string[], how?: How): Running {
  return spawnThere([process.execPath, program, ...args], how);
}

/** In a mount namespace with the deployer's own /nix. */
function spawnThere(command: readonly string[], { nix = true }: How = {}): Running {
  const inLab = 'mount --bind "$1" /nix && PATH=$2 && shift 2 && exec "$@"';
  const store = join(lab.home, nix ? "nix" : "empty");
  const path = nix ? (process.env["PATH"] ?? "") : join(lab.home, "bin");
  return lab.spawn(["unshare", "--mount", "/bin/sh", "-c", inLab, "sh", store, path, ...command], {
    cwd: lab.home,
    timeout: 120_000,
    env: { NIX_CONFIG: nixConf },
  });
}

const nixus = (args: readonly string[], how?: How): Promise<Result> => spawnNixus(args, how).done;

function file(nodes: string): string {
  const path = join(lab.home, `network-${++files}.nix`);
  writeFileSync(
    path,
    `{ lib, ... }: {
      defaults = { name, ... }: {
        nixpkgs = ${nixpkgs};
        host = "root@\${name}.example.com";
        successTimeout = 10;
        configuration = { lib, ... }: { networking.hostName = lib.mkDefault name; };
      };
      ${nodes}
    }`,
  );
  return path;
}

async function logins(machine: Machine): Promise<number> {
  return Number((await machine.exec("journalctl -u ssh | grep -c 'Accepted publickey' || true")).stdout);
}

describe("a system that is built by the Nix of the deployer", () => {
  const network = () =>
    file(`
      nodes.foo.configuration = { pkgs, ... }: {
        environment.systemPackages = [ pkgs.hello ];
        environment.etc.greeting.text = "hello foo";
      };
      nodes.bar.configuration = { nodes, ... }: { environment.etc.greeting.text = nodes.foo.networking.hostName; };
    `);

  test("is copied with what the machine lacks, activated, and made the boot loader's default", async () => {
    const { stdout, stderr, exitCode } = await nixus(["deploy", "-f", network()]);
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stderr).toMatch(/^these derivations will be built:\n {2}\/nix\/store\//m);
    expect(stderr).toMatch(/^building '\/nix\/store\/[^']+-hello-1\.0\.drv'\.\.\.$/m);
    const lines = stdout.split("\n").filter((line) => line.startsWith(`[${hostOf("foo")}]`));
    const texts = lines.map((line) => line.slice(hostOf("foo").length + 3));
    expect(texts.slice(0, 2)).toEqual(["Connecting to host...", "Copying closure to host..."]);
    expect(texts).toContainEqual(
      expect.stringMatching(
        /^copying path '\/nix\/store\/[^']+-etc' to 'ssh:\/\/root@foo\.example\.com'\.\.\.$/,
      ),
    );
    expect(texts.slice(-3)).toEqual([
      "Triggering system switcher...",
      "Trying to confirm success...",
      activated,
    ]);
    const system = await currentSystem(foo);
    expect(system).toMatch(/-nixos-system-foo-20\.09$/);
    expect(await committedSystem(foo)).toBe(system);
    expect((await foo.readFile("/boot/default")).trim()).toBe(system);
    expect(await foo.readFile("/etc/greeting")).toBe("hello foo");
    expect(await bar.readFile("/etc/greeting")).toBe("foo");
    const { stdout: package_ } = await foo.exec("$(cat /run/current-system/sw/packages)/bin/hello");
    expect(package_).toBe("hello\n");
    const { stdout: requisites } = await foo.exec(`nix-store -qR ${system}`);
    expect(requisites).not.toContain(".drv");
  });

  test("that is there already is neither copied nor switched to, in one session", async () => {
    const before = await logins(foo);
    const { stdout, exitCode } = await nixus(["deploy", "-f", network(), "foo"]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `[${hostOf("foo")}] Connecting to host...\n[${hostOf("foo")}] System is already active, nothing to do\n`,
    );
    expect(await logins(foo)).toBe(before + 1);
  });

  test("sends only what is new of a changed system", async () => {
    const changed = file(`
      nodes.foo.configuration = { pkgs, ... }: {
        environment.systemPackages = [ pkgs.hello ];
        environment.etc.greeting.text = "hello again";
      };
    `);
    const { stdout, exitCode } = await nixus(["deploy", "-f", changed]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("-etc'");
    expect(stdout).not.toContain("-hello-1.0'");
    expect(stdout).not.toContain("-nixus-switcher'");
  });
});

describe("a deployer without Nix", () => {
  test("has the target build, which gets the derivations from memory", async () => {
    const network = file(`nodes.foo.configuration.environment.etc.greeting.text = "built by foo";`);
    const { stdout, stderr, exitCode } = await nixus(["deploy", "-f", network], { nix: false });
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stderr).toMatch(/^building '\/nix\/store\/[^']+-etc\.drv' on 'foo\.example\.com'\.\.\.$/m);
    expect(stdout).not.toContain("-etc'");
    expect(await foo.readFile("/etc/greeting")).toBe("built by foo");
    expect(await committedSystem(foo)).toBe(await currentSystem(foo));
  });

  test("has a third machine build, and passes on what the target lacks", async () => {
    const network = file(`
      nodes.bar = {
        buildOn = "root@builder.example.com";
        configuration.environment.etc.greeting.text = "built by builder";
      };
    `);
    const { stdout, stderr, exitCode } = await nixus(["deploy", "-f", network], { nix: false });
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stderr).toMatch(/-etc\.drv' on 'builder\.example\.com'\.\.\.$/m);
    expect(stdout).toMatch(
      /copying path '[^']+-nixos-system-bar-20\.09' to 'ssh:\/\/root@bar\.example\.com'/,
    );
    expect(await bar.readFile("/etc/greeting")).toBe("built by builder");
    await builder.exec(`nix-store --check-validity ${await currentSystem(bar)}`);
  });
});

describe("nixus build", () => {
  test("leaves a program that deploys what was built, from where it was built", async () => {
    const before = await Promise.all([foo, bar].map(currentSystem));
    const network = file(`
      nodes.foo.configuration.environment.etc.greeting.text = "result";
      nodes.bar = {
        buildOn = "root@builder.example.com";
        configuration.environment.etc.greeting.text = "result of builder";
      };
    `);
    const dry = await nixus(["build", network, "--dry-run", "--on", "foo"]);
    expect(dry.stdout).toMatch(/^foo \/nix\/store\/[^ ]+-nixos-system-foo-20\.09\.drv\n$/);
    const { stdout, stderr, exitCode } = await nixus(["build", network]);
    expect(exitCode, stderr).toBe(0);
    const result = join(lab.home, "result");
    expect(stdout).toBe(`${result}\n`);
    expect(stderr).toMatch(/^these derivations will be built:\n/);
    expect(stderr).toMatch(/^building '[^']+-nixos-system-foo-20\.09\.drv'\.\.\.$/m);
    expect(stderr).toMatch(
      /^building '[^']+-nixos-system-bar-20\.09\.drv' on 'builder\.example\.com'\.\.\.$/m,
    );
    expect(await Promise.all([foo, bar].map(currentSystem))).toEqual(before);
    await spawnThere(["nix-store", "--gc"]).done;
    await builder.exec("nix-store --gc");

    const elsewhere = await spawnThere([result, "foo"], { nix: false }).done;
    expect(elsewhere.exitCode).toBe(1);
    expect(elsewhere.stdout).toMatch(/-nixos-system-foo-20\.09 is not in the store that it should come from/);

    const planned = await spawnThere([result, "--dry-run"]).done;
    expect(planned.stdout).toMatch(
      /\[foo\.example\.com\] would copy [^ ]+-nixos-system-foo-20\.09 with its closure\n/,
    );
    expect(await Promise.all([foo, bar].map(currentSystem))).toEqual(before);

    const deployed = await spawnThere([result]).done;
    expect(deployed.exitCode, deployed.stdout + deployed.stderr).toBe(0);
    expect(deployed.stdout).toContain(`[${hostOf("foo")}] ${activated}`);
    expect(deployed.stderr).not.toContain("building");
    expect(await foo.readFile("/etc/greeting")).toBe("result");
    expect(await bar.readFile("/etc/greeting")).toBe("result of builder");
  });
});

describe("a system that was made elsewhere", () => {
  test("is copied from the deployer's store by its path, and is an error where it is not", async () => {
    const made = file(`nodes.foo.configuration.environment.etc.greeting.text = "made elsewhere";`);
    expect((await nixus(["build", made])).exitCode).toBe(0);
    const { stdout: newest } = await spawnThere([
      ...[
        "/bin/sh",
        "-c",
        `ls -dt $(grep -ls "made elsewhere" /nix/store/*-nixos-system-foo-20.09/etc/greeting) | head -n 1`,
      ],
    ]).done;
    const path = newest.trim().replace("/etc/greeting", "");
    expect(path).toMatch(/^\/nix\/store\/.*-nixos-system-foo-20\.09$/);
    const given = file(`nodes.foo.configuration.system = "${path}";`);
    const { stdout, exitCode } = await nixus(["deploy", "-f", given]);
    expect(exitCode, stdout).toBe(0);
    expect(await currentSystem(foo)).toBe(path);
    expect(await foo.readFile("/etc/greeting")).toBe("made elsewhere");

    const missing = path.replace(/store\/.{6}/, "store/aaaaaa");
    const nowhere = await nixus(["deploy", "-f", file(`nodes.foo.configuration.system = "${missing}";`)]);
    expect(nowhere.exitCode).toBe(1);
    expect(nowhere.stdout).toContain(`${missing} is not in the store that it should come from`);
    expect(await currentSystem(foo)).toBe(path);
  });
});

describe("a power cut after a machine has built its system", () => {
  test("leaves what Nix takes for built and is not on the disk: it is built again", async () => {
    const held = join(lab.home, "held");
    const network = (more: string) =>
      file(`nodes.bar = {
        buildOn = "target";
        configuration = { pkgs, ... }: {
          environment.systemPackages = [ (pkgs.runCommand "lost" { } "mkdir $out; echo lost >$out/file") ];
          environment.etc.greeting.text = "built twice";
        };
        ${more}
      };`);
    const phase = `: >${held}; exec /usr/bin/sleep 60`;
    const holds = `deployScriptPhases.hold = lib.dag.entryBetween [ "switch" ] [ "build" ] "${phase}";`;
    await bar.exec("sync");
    const deployment = spawnNixus(["deploy", "-f", network(holds)], { nix: false });
    await poll("the end of the build", 60_000, () => (existsSync(held) ? true : undefined));
    // With the connection Nix's own process ends, which has its database on the disk then.
    deployment.kill("SIGKILL");
    await deployment.done;
    await poll("the end of the daemon", 30_000, async () =>
      (await bar.exec("pgrep nix-daemon", { check: false })).exitCode === 1 ? true : undefined,
    );
    await bar.powerCut();
    await bar.powerOn();
    await bar.waitForSsh();
    await bar.exec("nix-store --check-validity /nix/store/*-lost");
    // Where the kernel has written it by itself meanwhile, which it does sooner or later, it is lost all the same.
    await bar.exec("nix-store --verify-path /nix/store/*-lost && : >$(echo /nix/store/*-lost)/file", {
      check: false,
    });
    expect((await bar.exec("nix-store --verify-path /nix/store/*-lost", { check: false })).exitCode).toBe(1);
    const { stdout, stderr, exitCode } = await nixus(["deploy", "-f", network("")], { nix: false });
    expect(exitCode, stdout + stderr).toBe(0);
    expect(await bar.readFile("/etc/greeting")).toBe("built twice");
    await bar.exec("nix-store --verify-path $(nix-store --query --requisites /run/current-system)");
    expect((await bar.exec("ls /var/lib/nixus/arriving")).stdout).toBe("");
  });
});

describe("a user who is not root", () => {
  test("builds on the target and deploys the result, by sudo", async () => {
    await bar.exec(`
      useradd --create-home admin
      mkdir -p ~admin/.ssh && cp ~root/.ssh/authorized_keys ~admin/.ssh/ && chown -R admin: ~admin/.ssh
      echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
    `);
    const network = file(`nodes.bar = {
      host = lib.mkForce "admin@bar.example.com";
      buildOn = "target";
      configuration.environment.etc.greeting.text = "built by an admin";
    };`);
    // A directory for temporary files whose name leaves no room for the name of a socket (unix(7)).
    const temporary = join(lab.home, "a-directory-".repeat(8));
    mkdirSync(temporary);
    const built = await spawnThere(
      ["/usr/bin/env", `TMPDIR=${temporary}`, process.execPath, program, "build", network],
      {
        nix: false,
      },
    ).done;
    expect(built.exitCode, built.stderr).toBe(0);
    expect(built.stderr).toMatch(/-nixos-system-bar-20\.09\.drv' on 'bar\.example\.com'\.\.\.$/m);
    await bar.exec("nix-store --gc");
    const deployed = await spawnThere([join(lab.home, "result")], { nix: false }).done;
    expect(deployed.exitCode, deployed.stdout + deployed.stderr).toBe(0);
    expect(deployed.stdout).toContain(activated);
    expect(deployed.stderr).not.toContain("building");
    expect(await bar.readFile("/etc/greeting")).toBe("built by an admin");
  });
});

describe("what goes wrong with one machine does not keep the others", () => {
  test("an evaluation, a build, and a builder that is not there: each says why, nothing is changed", async () => {
    const before = await Promise.all([foo, bar].map(currentSystem));
    const network = file(`
      nodes.foo.configuration = { pkgs, ... }: {
        environment.systemPackages = [ (pkgs.runCommand "broken" { } "echo one; echo two; exit 3") ];
      };
      nodes.bar = { buildOn = "root@nowhere.example.com"; configuration.environment.etc.x.text = "x"; };
      nodes.builder.configuration = { environment.etc.x.text = 5; };
      nodes.other = { host = lib.mkForce "root@builder.example.com"; system = "aarch64-linux"; };
    `);
    const { stdout, stderr, exitCode } = await nixus(["deploy", "-f", network]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /\[foo\.example\.com\] error: node 'foo': builder for '\/nix\/store\/[^']+-broken\.drv' failed with exit code 3; its last lines:\n\[foo\.example\.com\] {3}one\n\[foo\.example\.com\] {3}two\n/,
    );
    expect(stdout).toMatch(
      /\[bar\.example\.com\] error: node 'bar': the builder nowhere\.example\.com can't be used: the name nowhere\.example\.com does not resolve/,
    );
    expect(stdout).toContain("environment.etc.x.text");
    expect(stdout).toMatch(
      /its processor is x86_64 and the system was made for aarch64-linux; set the node's option system/,
    );
    expect(stderr).toContain("4 failed");
    expect(await Promise.all([foo, bar].map(currentSystem))).toEqual(before);
    expect((await foo.exec("ls /nix/var/nix/gcroots/nixus")).stdout).not.toMatch(/^\d{14}-/m);
  });

  test("units that fail (exit status 4): it is rolled back", async () => {
    const before = await currentSystem(foo);
    const network = file(`nodes.foo.configuration.systemd.services.bad.script = "exit 1";`);
    const { stdout, exitCode } = await nixus(["deploy", "-f", network]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(rolledBack);
    expect(await currentSystem(foo)).toBe(before);
    expect((await foo.readFile("/boot/default")).trim()).toBe(before);
  });
});

describe("what a system says against a switch", () => {
  const network = (inhibitor: string, more = "") =>
    file(`nodes.foo.configuration = {
      system.switch.inhibitors.dbus-implementation = "${inhibitor}";
      ${more}
    };`);

  test("another inhibitor: nothing is changed, and a reboot is said to be needed", async () => {
    const first = await nixus(["deploy", "-f", network("dbus")]);
    expect(first.exitCode, first.stdout).toBe(0);
    const before = await currentSystem(foo);
    const { stdout, exitCode } = await nixus(["deploy", "-f", network("broker")]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      "the system can't be switched to while the machine runs, as it changes dbus-implementation (dbus -> broker); a reboot is needed",
    );
    expect(stdout).not.toContain("Triggering system switcher");
    expect(await currentSystem(foo)).toBe(before);
    expect(await committedSystem(foo)).toBe(before);
    expect((await foo.readFile("/boot/default")).trim()).toBe(before);
    expect((await foo.exec("ls /nix/var/nix/gcroots/nixus")).stdout).not.toMatch(/^\d{14}-/m);
  });

  test("a switch by hand: it is left alone", async () => {
    const before = await currentSystem(foo);
    await foo.exec(
      "mkdir -p /run/nixos && systemd-run --unit=by-hand flock /run/nixos/switch-to-configuration.lock sleep infinity",
    );
    const { stdout, exitCode } = await nixus([
      "deploy",
      "-f",
      network("dbus", 'environment.etc.x.text = "x";'),
    ]);
    await foo.exec("systemctl stop by-hand");
    expect(exitCode).toBe(1);
    expect(stdout).toContain("the machine is being switched by hand");
    expect(stdout).not.toContain(rolledBack);
    expect(await currentSystem(foo)).toBe(before);
  });

  test("no switch-to-configuration at all: nothing is changed", async () => {
    const before = await currentSystem(foo);
    const { stdout, exitCode } = await nixus([
      "deploy",
      "-f",
      network("dbus", "system.switch.enable = false;"),
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("set 'system.switch.enable' to true");
    expect(await currentSystem(foo)).toBe(before);
  });

  test("checks that fail: not switched; those of the system before don't keep the machine from going back", async () => {
    const checked = (check: string, more = "") =>
      network(
        "dbus",
        `system.preSwitchChecks = "${check}"; environment.etc.checked.text = "${check}"; ${more}`,
      );
    const before = await currentSystem(foo);
    const refused = await nixus(["deploy", "-f", checked("exit 1")]);
    expect(refused.stdout).toContain("Pre-switch checks failed");
    expect(refused.stdout).toContain(rolledBack);
    expect(await currentSystem(foo)).toBe(before);

    const good = await nixus(["deploy", "-f", checked("! test -e /etc/spoilt")]);
    expect(good.exitCode, good.stdout).toBe(0);
    const checkedSystem = await currentSystem(foo);
    const spoils = 'environment.etc.spoilt.text = "x"; systemd.services.bad.script = "exit 1";';
    const { stdout } = await nixus(["deploy", "-f", network("dbus", spoils)]);
    expect(stdout).toContain(rolledBack);
    expect(await currentSystem(foo)).toBe(checkedSystem);
    await foo.exec("rm /etc/spoilt");
  });
});

describe("copying", () => {
  const network = (name: string, megabytes: readonly number[]) =>
    file(`nodes.foo.configuration = { pkgs, ... }: {
      environment.systemPackages = [
        ${megabytes
          .map(
            (size, index) =>
              `(pkgs.runCommand "${name}-${index}" { } ''head -c ${size}M /dev/urandom > "$out"'')`,
          )
          .join("\n")}
      ];
    };`);
  /** How often each of the paths was begun. */
  const begun = (stdout: string, name: string, count: number) =>
    Array.from(
      { length: count },
      (_, index) =>
        stdout
          .split(`"type":"copying-path","path":"/nix/store/`)
          .filter((rest) => rest.slice(32).startsWith(`-${name}-${index}"`)).length,
    );

  test("goes on after its connection was lost, where it was", async () => {
    const deployment = spawnNixus(["deploy", "--json", "-f", network("large", [200, 200])]);
    // As soon as one of them has arrived; the other takes seconds from then on.
    await foo.exec(`
      until nix-store --check-validity /nix/store/*-large-0 || nix-store --check-validity /nix/store/*-large-1; do
        sleep 0.1
      done 2>/dev/null
      pkill -KILL -f '^sshd: root@notty' || pkill -KILL -f '^sshd: root'
    `);
    const { stdout, exitCode } = await deployment.done;
    expect(stdout).toMatch(/"type":"warning","step":"copy","message":"[^"]*trying again \(2 of 3\)"/);
    expect(begun(stdout, "large", 2).toSorted()).toEqual([1, 2]);
    expect(stdout).toContain('"outcome":"activated"');
    expect(exitCode).toBe(0);
  });

  test("does not begin where there is no room for it", async () => {
    const before = await currentSystem(foo);
    await foo.exec("fallocate -l $(( $(df -k --output=avail / | tail -n 1) - 81920 ))K /filler");
    const { stdout, exitCode } = await nixus(["deploy", "-f", network("too-large", [150])]);
    await foo.exec("rm /filler");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /the file system of \/nix\/store has \d+ MiB left and \d+ MiB are needed; make room/,
    );
    expect(await currentSystem(foo)).toBe(before);
  });

  test("ends when the disk becomes full meanwhile, and goes through once there is room", async () => {
    const before = await currentSystem(foo);
    const growing = network("growing", [20, 250]);
    const deployment = spawnNixus(["deploy", "--json", "-f", growing]);
    await deployment.waitForOutput(/"copying-path"[^\n]*-growing-\d"[\s\S]*"copying-progress"/);
    await foo.exec(
      "fallocate -l $(df -k --output=avail / | tail -n 1)K /filler || true; dd if=/dev/zero of=/filler2 bs=64k || true",
    );
    const { stdout, exitCode } = await deployment.done;
    await foo.exec("rm /filler /filler2");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /"step":"copy","message":"[^"]*its disk is full: make room and deploy again","type":"problem"/,
    );
    expect(await currentSystem(foo)).toBe(before);
    expect(await committedSystem(foo)).toBe(before);
    expect((await foo.exec("ls /nix/var/nix/gcroots/nixus")).stdout).not.toMatch(/^\d{14}-/m);
    const again = await nixus(["deploy", "-f", growing]);
    expect(again.exitCode, again.stdout).toBe(0);
    await foo.exec(`nix-store --verify-path $(nix-store -qR ${await currentSystem(foo)})`);
  });
});
