/** Secrets: where they are and where they are not, whom they restart, and that generations have their own. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toBase32 } from "../../src/store/base32.ts";
import { Lab, type Machine, type Running } from "./lib/index.ts";
import { activated, currentSystem, Deployer, rolledBack } from "./nixus.ts";

const name = "foo.example.com";
const passwordHash = "$6$rounds=1000$salt$of-a-password";

let lab: Lab;
let foo: Machine;
let deployer: Deployer;
let sampler: Running;
/** Everything that was ever a secret in here. */
const contents: string[] = [];
/** Everything that nixus printed. */
let printed = "";

const secretFile = (file: string) => join(lab.home, "secret-sources", file);

function writeSecret(file: string): string {
  const content = `${file}-${randomBytes(24).toString("hex")}\n`;
  contents.push(content);
  writeFileSync(secretFile(file), content);
  return content;
}

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
  await lab.run(["mkdir", "-p", join(lab.home, "secret-sources")], { check: true });
  // Of all processes of the deployer and the machine, over and over again.
  sampler = lab.spawn(
    [
      "sh",
      "-c",
      `while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null >>"$HOME/samples"; sleep 0.05; done`,
    ],
    { timeout: 600_000 },
  );
  for (const file of ["key", "token", "shared", "stable", "volatile"]) writeSecret(file);
  // That is in /etc/shadow as well, as it should be.
  writeFileSync(secretFile("password"), `${passwordHash}\n`);
});
afterAll(async () => {
  sampler?.kill("SIGKILL");
  await sampler?.done;
  await lab?.stop();
});

interface Variation {
  readonly without?: readonly string[];
  readonly more?: string;
}

/**
 * `key` is read by the service reader through its pointer, `stable` by restarted and unaffected at its path, which only
 * restarts the first of them.
 */
function network({ without = [], more = "" }: Variation = {}): string {
  const secret = (file: string, text: string) => (without.includes(file) ? "" : text);
  return `{ lib, ... }: {
    defaults = { successTimeout = 6; switchTimeout = 20; platform = "linux"; };
    nodes.foo = {
      host = "root@${name}";
      configuration = [ ({ config, ... }: let inherit (config.secrets) files; service = script: {
        wantedBy = [ "multi-user.target" ]; inherit script; serviceConfig.User = "svc";
      }; in {
        users.users.svc = { isSystemUser = true; group = "svc"; };
        users.users.person = { isNormalUser = true; hashedPasswordFile = files.password.file; };
        users.groups.svc = { };
        users.groups.readers = { };
        secrets.files = {
          ${secret("key", `key = { file = "${secretFile("key")}"; user = "svc"; };`)}
          token = { file = "${secretFile("token")}"; group = "readers"; path = "/etc/app/token"; };
          stable = { file = "${secretFile("stable")}"; user = "svc"; restartUnits = [ "restarted.service" ]; };
          volatile = { command = [ "cat" "${secretFile("volatile")}" ]; user = "svc"; persistent = false; };
          unused.file = "${secretFile("key")}";
          password = { file = "${secretFile("password")}"; neededForUsers = true; };
        };
        systemd.services = {
          ${secret("key", `reader = service "cat \${files.key.file} > /run/reader/got; exec sleep infinity" // { serviceConfig = { User = "svc"; RuntimeDirectory = "reader"; }; };`)}
          restarted = service "cat \${files.stable.path} >/dev/null; exec sleep infinity";
          unaffected = service "cat \${files.stable.path} >/dev/null; exec sleep infinity";
          volatile = service "cat \${files.volatile.file} >/dev/null; exec sleep infinity";
          other = service "exec sleep infinity";
        };
      }) ({ ... }: { ${more} }) ];
    };
    secrets.shared = { file = "${secretFile("shared")}"; nodes = [ "foo" ]; neededForUsers = true; };
  }`;
}

async function deploy(variation: Variation = {}, ...args: string[]) {
  const result = await deployer.deploy(network(variation), "--verbose", ...args);
  printed += result.stdout + result.stderr;
  return result;
}

async function deployed(variation: Variation = {}): Promise<string> {
  const result = await deploy(variation);
  expect(result.stdout + result.stderr).toContain(`[${name}] ${activated}`);
  return result.stdout;
}

const services = ["reader", "restarted", "unaffected", "volatile", "other"];

/** By service, what is another one after each start. */
async function invocations(): Promise<Record<string, string>> {
  const { stdout } = await foo.exec(
    `for unit in ${services.join(" ")}; do echo "$unit $(systemctl show -P InvocationID $unit.service)"; done`,
  );
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
}

async function restarts(action: () => Promise<unknown>): Promise<string[]> {
  const before = await invocations();
  await action();
  const after = await invocations();
  return services.filter((unit) => before[unit] !== after[unit]);
}

const readerGot = async () => (await foo.exec("cat /run/reader/got")).stdout;

/** Mode, owner and path (without ids) of everything that has to do with secrets. */
async function listing(): Promise<string[]> {
  const { stdout } = await foo.exec(
    "find /var/lib/nixus/secrets /run/nixus/secrets -printf '%m %u:%g %y %p\n' | sed -E 's/-[0-9a-z]{32}$//' | sort -k4",
  );
  return stdout.trim().split("\n");
}

test("what cannot be had fails before any machine is touched, names secret and node, and shows nothing", async () => {
  rmSync(secretFile("key"));
  writeFileSync(secretFile("token"), Buffer.from([1, 0, 255]));
  const { exitCode, stdout, stderr } = await deploy();
  expect(exitCode).not.toBe(0);
  expect(stdout).not.toContain("Connecting");
  expect(stderr).toContain("secret 'foo/key' (node foo): the file");
  expect(stderr).toContain("does not exist");
  expect(stderr).toContain("secret 'foo/token' (node foo): it is not text in UTF-8");
  expect((await foo.exec("ls /var/lib/nixus 2>/dev/null || true")).stdout).toBe("");
  for (const file of ["key", "token"]) writeSecret(file);
});

test("a first deployment: the account that it makes owns its secret, and nobody else gets at it", async () => {
  const output = await deployed();
  expect(output).toContain("Sending 6 secrets...");
  expect(await readerGot()).toBe(readFileSync(secretFile("key"), "utf8"));
  expect(await listing()).toEqual([
    "711 root:root d /run/nixus/secrets",
    "700 root:root d /run/nixus/secrets/pending",
    "500 svc:root d /run/nixus/secrets/svc+root+0400",
    "400 svc:root f /run/nixus/secrets/svc+root+0400/volatile",
    "711 root:root d /var/lib/nixus/secrets",
    "700 root:root d /var/lib/nixus/secrets/pending",
    "510 root:readers d /var/lib/nixus/secrets/root+readers+0440",
    "440 root:readers f /var/lib/nixus/secrets/root+readers+0440/token",
    "500 root:root d /var/lib/nixus/secrets/root+root+0400",
    "400 root:root f /var/lib/nixus/secrets/root+root+0400/password",
    "400 root:root f /var/lib/nixus/secrets/root+root+0400/shared",
    "500 svc:root d /var/lib/nixus/secrets/svc+root+0400",
    "400 svc:root f /var/lib/nixus/secrets/svc+root+0400/key",
    "400 svc:root f /var/lib/nixus/secrets/svc+root+0400/stable",
  ]);
  expect((await foo.exec("cat /etc/app/token")).stdout).toBe(readFileSync(secretFile("token"), "utf8"));
  const read = (as: string, path: string) =>
    foo.exec(`setpriv --reuid=${as} --clear-groups cat ${path}`, { check: false });
  expect((await read("svc", "/run/nixus-secrets/stable")).exitCode).toBe(0);
  expect((await read("nobody", "/run/nixus-secrets/stable")).exitCode).not.toBe(0);
  expect((await read("svc", "/etc/app/token")).exitCode).not.toBe(0);
  expect((await foo.exec("getent shadow person")).stdout.split(":")[1]).toBe(passwordHash);
  const links = await foo.exec("ls /run/nixus-secrets");
  expect(links.stdout.trim().split("\n")).toEqual(["key", "password", "shared", "stable", "volatile"]);
});

test("deployed again there is nothing to do", async () => {
  const { stdout, stderr, exitCode } = await deploy();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toContain("nothing to do");
});

describe("a change restarts exactly what refers to the secret", () => {
  test("through its pointer", async () => {
    const content = writeSecret("key");
    let output = "";
    const restarted = await restarts(async () => {
      output = await deployed();
    });
    expect(restarted).toEqual(["reader"]);
    expect(output).toContain("Sending 1 secret...");
    expect(await readerGot()).toBe(content);
  });

  test("or names it in restartUnits", async () => {
    writeSecret("stable");
    expect(await restarts(() => deployed())).toEqual(["restarted"]);
    expect((await foo.exec("cat /run/nixus-secrets/stable")).stdout).toBe(
      readFileSync(secretFile("stable"), "utf8"),
    );
  });
});

test("a roll-back brings the old content back, and the new one is gone", async () => {
  const before = await readerGot();
  const system = await currentSystem(foo);
  const files = await foo.exec("find /var/lib/nixus/secrets -type f | sort");
  writeSecret("key");
  const failing = `systemd.services.failing = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; ExecStart = "/bin/false"; }; };`;
  const { stdout } = await deploy({ more: failing });
  expect(stdout).toContain(rolledBack);
  expect(await currentSystem(foo)).toBe(system);
  expect(await readerGot()).toBe(before);
  expect((await foo.exec("find /var/lib/nixus/secrets -type f | sort")).stdout).toBe(files.stdout);
});

test("after a reboot they are there, but for the one in memory, which the next deployment sends", async () => {
  const before = await readerGot();
  await foo.reboot();
  await foo.waitForBoot();
  await foo.waitForSsh();
  expect(await readerGot()).toBe(before);
  expect((await foo.exec("systemctl is-active volatile.service", { check: false })).stdout).not.toBe(
    "active\n",
  );
  writeFileSync(secretFile("key"), before);
  const output = await deployed();
  expect(output).toContain("Sending 1 secret...");
  expect((await foo.exec("systemctl is-active volatile.service", { check: false })).stdout).toBe("active\n");
});

test("booting an older generation gives it its own secrets", async () => {
  const old = await readerGot();
  const { stdout } = await foo.exec("readlink /nix/var/nix/profiles/system");
  const content = writeSecret("key");
  await deployed();
  expect(await readerGot()).toBe(content);
  // What a boot loader's menu does on NixOS.
  const newer = await foo.exec("readlink /nix/var/nix/profiles/system");
  await foo.exec(`ln -sfn ${stdout.trim()} /nix/var/nix/profiles/system`);
  await foo.reboot();
  await foo.waitForBoot();
  await foo.waitForSsh();
  expect(await readerGot()).toBe(old);
  await foo.exec(`ln -sfn ${newer.stdout.trim()} /nix/var/nix/profiles/system`);
  await foo.reboot();
  await foo.waitForBoot();
  await foo.waitForSsh();
  expect(await readerGot()).toBe(content);
});

test("a secret goes when no generation that is kept refers to it", async () => {
  const keys = async () =>
    (await foo.exec("find /var/lib/nixus/secrets -name 'key-*' | wc -l")).stdout.trim();
  await deployed({ without: ["key"] });
  expect(Number(await keys())).toBeGreaterThan(0);
  await foo.exec("nix-env --profile /nix/var/nix/profiles/system --delete-generations old");
  // The system that was booted is kept as well.
  await foo.reboot();
  await foo.waitForBoot();
  await foo.waitForSsh();
  await deployed({ without: ["key"], more: 'environment.etc.more.text = "more";' });
  expect(await keys()).toBe("0");
});

/** The content itself and what can be computed from it without the key. */
function needles(content: string): string[] {
  const texts = [content, content.trim()];
  const encoded = texts.flatMap((text) => [
    ...[0, 1, 2].map((shift) =>
      // As it looks at any place inside of a longer text.
      Buffer.from(`${"x".repeat(shift)}${text}`)
        .toString("base64")
        .slice(4, -4),
    ),
    Buffer.from(text).toString("hex"),
  ]);
  const hashed = texts.flatMap((text) =>
    ["md5", "sha1", "sha256", "sha512"].flatMap((algorithm) => {
      const hash = createHash(algorithm).update(text).digest();
      return [hash.toString("hex"), hash.toString("base64").replace(/=+$/, ""), toBase32(hash)];
    }),
  );
  return [content.trim(), ...encoded, ...hashed];
}

test("nowhere else is a trace of any of them", async () => {
  sampler.kill("SIGKILL");
  await sampler.done;
  const all = contents.flatMap(needles);
  const input = `${all.join("\n")}\n`;
  const search = (where: string) => `grep -raolF -f - ${where} 2>/dev/null || true`;
  // The search finds what there is to find.
  const control = await lab.run(["sh", "-c", search(join(lab.home, "secret-sources"))], { input });
  expect(control.stdout.trim().split("\n").length).toBeGreaterThan(3);
  const atDeployer = await lab.run(
    ["sh", "-c", search(`$(find "$HOME" -mindepth 1 -maxdepth 1 ! -name secret-sources) /tmp/nixus-*`)],
    { input },
  );
  expect(atDeployer.stdout).toBe("");
  const samples = readFileSync(join(lab.home, "samples"), "latin1");
  expect(samples).toContain("nix-store");
  for (const needle of all) {
    expect(printed.includes(needle)).toBe(false);
    expect(samples.includes(needle)).toBe(false);
  }
  await foo.exec(
    "journalctl --sync; journalctl -o export --no-pager >/run/journal-text; mkdir -p /run/reader",
  );
  const onMachine = await foo.exec(`${search("/nix /etc /tmp /var/tmp /root /home /var /run")}`, { input });
  const found = onMachine.stdout.trim().split("\n");
  const itsPlace = /^\/(var\/lib|run)\/nixus\/secrets\/[a-z]+\+[a-z]+\+[0-9]+\//;
  expect(found.filter((file) => !itsPlace.test(file))).toEqual([]);
  expect(found.length).toBeGreaterThan(3);
});
