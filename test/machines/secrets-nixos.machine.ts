/** Secrets of systems in NixOS's shape (test/fixtures/nixpkgs), which the machine itself builds. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { installFirstSystem, nixConf } from "./nixos.ts";
import { activated, currentSystem, Deployer, rolledBack } from "./nixus.ts";

const name = "foo.example.com";
const nixpkgs = resolve(import.meta.dirname, "../fixtures/nixpkgs");
/** crypt(3) of something, which has to be there when the account is made. */
const passwordHash = "$6$rounds=1000$salt$of-a-password";

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name, files: { "/etc/nix/nix.conf": nixConf } }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
  await installFirstSystem(foo);
  mkdirSync(join(lab.home, "sources"));
  for (const secret of ["key", "stable", "unused"]) renew(secret);
  writeFileSync(source("password"), passwordHash);
});
afterAll(() => lab?.stop());

const source = (secret: string) => join(lab.home, "sources", secret);

function renew(secret: string): string {
  const content = `${secret} ${randomBytes(24).toString("hex")}\n`;
  writeFileSync(source(secret), content);
  return content;
}

/** Services note each of their starts. */
function network(more = "", secrets = ""): string {
  return `{
    nodes.foo = {
      nixpkgs = ${nixpkgs};
      host = "root@${name}";
      buildOn = "target";
      successTimeout = 6;
      configuration = [ ({ config, ... }: let inherit (config.secrets) files; in {
        secrets.files = {
          key = { file = "${source("key")}"; user = "app"; };
          stable = { file = "${source("stable")}"; group = "app"; path = "/etc/app/stable"; restartUnits = [ "restarted.service" ]; };
          password = { file = "${source("password")}"; neededForUsers = true; };
          unused.file = "${source("unused")}";
          ${secrets}
        };
        users.groups.app = { };
        users.users.app = { isSystemUser = true; group = "app"; passwordFile = "\${files.password.file}"; };
        systemd.services.reader.script = "cat \${files.key.file} >/run/got; echo reader >>/run/starts";
        systemd.services.restarted.script = "cat /etc/app/stable >/dev/null; echo restarted >>/run/starts";
        systemd.services.other.script = "echo other >>/run/starts";
      }) { ${more} } ];
    };
  }`;
}

async function deploy(text = network()): Promise<string> {
  const { stdout, stderr } = await deployer.deploy(text, "--verbose");
  return stdout + stderr;
}

const got = async () => (await foo.exec("cat /run/got")).stdout;

/** The services that have been started since the last time. */
async function starts(): Promise<string[]> {
  const { stdout } = await foo.exec("sort /run/starts 2>/dev/null; rm -f /run/starts");
  return stdout.split("\n").filter((line) => line !== "");
}

test("are there before the accounts that need them, and before the services that read them", async () => {
  const output = await deploy();
  expect(output).toContain(activated);
  expect(output).toContain("Sending 3 secrets...");
  expect(await got()).toBe(readFileSync(source("key"), "utf8"));
  expect(await starts()).toEqual(["other", "reader", "restarted"]);
  expect((await foo.exec("getent shadow app")).stdout.split(":")[1]).toBe(passwordHash);
  const { stdout } = await foo.exec(
    "find /var/lib/nixus/secrets -printf '%m %u:%g %y %p\n' | sed -E 's/-[0-9a-z]{32}$//' | sort -k4; readlink /etc/app/stable | sed -E 's/-[0-9a-z]{32}$//'",
  );
  expect(stdout.trim().split("\n")).toEqual([
    "711 root:root d /var/lib/nixus/secrets",
    "500 app:root d /var/lib/nixus/secrets/app+root+0400",
    "400 app:root f /var/lib/nixus/secrets/app+root+0400/key",
    "644 root:root f /var/lib/nixus/secrets/links",
    "700 root:root d /var/lib/nixus/secrets/pending",
    "510 root:app d /var/lib/nixus/secrets/root+app+0440",
    "440 root:app f /var/lib/nixus/secrets/root+app+0440/stable",
    "500 root:root d /var/lib/nixus/secrets/root+root+0400",
    "400 root:root f /var/lib/nixus/secrets/root+root+0400/password",
    "/var/lib/nixus/secrets/root+app+0440/stable",
  ]);
  expect(await deploy()).toContain("nothing to do");
});

test("a change restarts what refers to the secret, or what restartUnits names", async () => {
  const key = renew("key");
  const output = await deploy();
  expect(output).toContain("Sending 1 secret...");
  expect(await got()).toBe(key);
  expect(await starts()).toEqual(["reader"]);
  const stable = renew("stable");
  expect(await deploy()).toContain(activated);
  expect(await starts()).toEqual(["restarted"]);
  expect((await foo.exec("cat /etc/app/stable")).stdout).toBe(stable);
});

test("a roll-back has its own, and a link in somebody's place is no success", async () => {
  const before = { content: await got(), system: await currentSystem(foo) };
  const listed = () => foo.exec("find /var/lib/nixus/secrets -type f ! -name links | sort");
  const files = (await listed()).stdout;
  renew("key");
  expect(await deploy(network('systemd.services.bad.script = "exit 1";'))).toContain(rolledBack);
  expect(await currentSystem(foo)).toBe(before.system);
  expect(await got()).toBe(before.content);
  expect((await listed()).stdout).toBe(files);

  const taken = `more = { file = "${source("key")}"; path = "/etc/hostname"; };`;
  const output = await deploy(network("", taken));
  expect(output).toContain("error: /etc/hostname is there already, and is not the link to a secret");
  expect(output).toContain(rolledBack);
  expect((await foo.exec("cat /etc/hostname")).stdout).toBe("foo\n");
  expect(await got()).toBe(before.content);
});
