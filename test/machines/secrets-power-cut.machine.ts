/** The power is cut while secrets are on their way: which are there then, and what is left of the others. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { activated, currentSystem, Deployer } from "./nixus.ts";

const name = "foo.example.com";

/** In front of a tool: whoever calls it with something like this stays there, once a test has said so. */
const gate = (tool: string, like: string) => ({
  text: `#!/bin/sh
case "$*" in ${like}) if [ -e /run/gate-${tool} ]; then touch /run/gate-reached; sleep 600; fi ;; esac
exec /usr/bin/${tool} "$@"
`,
  mode: 0o755,
});

const tools = {
  sync: gate("sync", "*/secrets/receiving-*"),
  "systemd-run": gate("systemd-run", "*nixus-switch*"),
  mv: gate("mv", "*/secrets/pending/*/svc+root+0400/*"),
} as const;

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  const files = Object.fromEntries(
    // First in the search path of the activation, and of the rest.
    Object.entries(tools).map(([tool, file]) => [
      `/usr/${tool === "mv" ? "sbin" : "local/bin"}/${tool}`,
      file,
    ]),
  );
  lab = await Lab.start({ machines: [{ name, files }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
  mkdirSync(join(lab.home, "sources"));
  renew();
  const { stdout } = await deployer.deploy(network());
  expect(stdout).toContain(activated);
});
afterAll(() => lab?.stop());

const source = (secret: string) => join(lab.home, "sources", secret);

/** Other contents for all secrets, and their digests; large enough for a disk not to have them at once. */
function renew(): { readonly key: string; readonly volatile: string } {
  const contents = { key: "", volatile: "" };
  for (const secret of ["key", "volatile"] as const) {
    const content = randomBytes(50_000).toString("hex");
    writeFileSync(source(secret), content);
    contents[secret] = digest(content);
  }
  return contents;
}

function network(): string {
  return `{
    nodes.foo = {
      host = "root@${name}";
      platform = "linux";
      successTimeout = 6; switchTimeout = 20;
      configuration = { config, ... }: {
        users.users.svc = { isSystemUser = true; group = "svc"; };
        users.groups.svc = { };
        secrets.files.key = { file = "${source("key")}"; user = "svc"; };
        secrets.files.volatile = { file = "${source("volatile")}"; persistent = false; };
        systemd.services.reader = {
          wantedBy = [ "multi-user.target" ];
          serviceConfig.Type = "oneshot";
          serviceConfig.RemainAfterExit = true;
          script = "cat \${config.secrets.files.key.file} >/run/got";
        };
        environment.etc.volatile.text = config.secrets.files.volatile.file;
      };
    };
  }`;
}

/** What the service has read, in few characters. */
const got = async () => digest((await foo.exec("cat /run/got")).stdout);

const digest = (content: string) => createHash("sha256").update(content).digest("hex").slice(0, 16);

/** Everything that is there of secrets, without what tells contents apart. */
async function listing(): Promise<string[]> {
  const { stdout } = await foo.exec(
    "find /var/lib/nixus/secrets /run/nixus/secrets ! -type d -size +0 | sed -E 's/-[0-9a-z]{32}$//' | sort",
  );
  return stdout.split("\n").filter((line) => line !== "");
}

test.each([
  ["sync", "before they are on the disk"],
  ["systemd-run", "between the secrets and the switch"],
  ["mv", "before they come to their place"],
] as const)("%s: %s", async (tool, _when) => {
  const before = { content: await got(), system: await currentSystem(foo) };
  const contents = renew();
  await foo.exec(`touch /run/gate-${tool}`);
  const deployment = deployer.spawn(["deploy", "-f", deployer.file(network())]);
  await vi.waitUntil(() => foo.exists("/run/gate-reached"), { timeout: 60_000, interval: 50 });
  await foo.powerCut();
  deployment.kill("SIGKILL");
  await deployment.done;
  await foo.powerOn();
  await foo.waitForBoot();
  await foo.waitForSsh();

  // As if nothing had been.
  expect(await currentSystem(foo)).toBe(before.system);
  expect(await got()).toBe(before.content);

  const { stdout, stderr } = await deployer.deploy(network());
  expect(stdout + stderr).toContain(activated);

  expect(await got()).toBe(contents.key);
  expect(digest((await foo.exec("cat $(cat /etc/volatile)")).stdout)).toBe(contents.volatile);
  // Of the generations before, which are kept, what is on the disk. The machine as it was found has none.
  const links = await foo.exec("ls -d /nix/var/nix/profiles/system-*-link | wc -l");
  expect(await listing()).toEqual([
    "/run/nixus/secrets/root+root+0400/volatile",
    ...Array.from({ length: Number(links.stdout) - 1 }, () => "/var/lib/nixus/secrets/svc+root+0400/key"),
  ]);
  const { stdout: left } = await foo.exec(
    "ls -d /var/lib/nixus/secrets/receiving-* /run/nixus/secrets/receiving-* /*/*/nixus/secrets/pending/* /run/nixus/secrets/pending/* 2>/dev/null || true",
  );
  expect(left).toBe("");
});
