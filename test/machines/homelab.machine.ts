/**
 * examples/homelab as it stands, on five machines that nothing was ever deployed to; only machines.nix says the keys and
 * addresses of these. alice deploys from her laptop.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "./lib/index.ts";
import { activated, currentSystem, Deployer } from "./nixus.ts";

const example = resolve(import.meta.dirname, "../../examples/homelab");
const names = ["hub", "nas", "desktop", "media", "laptop"] as const;
type Name = (typeof names)[number];
/** Those with a key of alice, who may go everywhere. */
const workplaces: readonly Name[] = ["desktop", "laptop"];
const userKey = (name: Name) => join(lab.home, `user-${name}`);
const hostOf = (name: Name) => `${name}.example.com`;

let lab: Lab;
let deployer: Deployer;
let network: string;
const on = (name: Name) => lab.machine(hostOf(name));

/** A container cannot sleep: this writes down how it was asked to. */
const recorder = '#!/bin/sh\necho "$*" >>/run/asked-to-sleep\n';

beforeAll(async () => {
  lab = await Lab.start({
    machines: names.map((name) => ({
      name: hostOf(name),
      image: "debian-services",
      files: { "/usr/local/sbin/rtcwake": { text: recorder, mode: 0o755 } },
    })),
  });
  deployer = new Deployer(lab);
  network = join(lab.home, "homelab");
  cpSync(example, network, { recursive: true });
  const machines = await Promise.all(names.map(prepare));
  writeFileSync(join(network, "machines.nix"), `{\n${machines.join("")}}\n`);
  // As the example says, for machines of one's own: with one's own keys, the secrets are made anew.
  rmSync(join(network, "nixus.lock"));
  rmSync(join(network, "secrets"), { recursive: true });
});
afterAll(() => lab?.stop());

/** Puts a key of somebody on the machine; what machines.nix says of it. Only keys of alice are known to the others. */
async function prepare(name: Name): Promise<string> {
  const key = userKey(name);
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key]);
  await on(name).exec(`umask 077
    mkdir -p /etc/homelab
    cat >/etc/homelab/user <<'END'\n${readFileSync(key, "utf8")}END`);
  const hostKey = (await on(name).exec("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub")).stdout.trim();
  const publicKey = readFileSync(`${key}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
  const isPublic = name === "hub" || name === "nas";
  return `  ${name} = {
    host = "root@${hostOf(name)}";
    publicIpv4 = ${isPublic ? `"${on(name).address}"` : "null"};
    hostKey = "${hostKey}";
    ${workplaces.includes(name) ? `userKey = "${publicKey}";` : ""}
  };
`;
}

const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));

/** Any host key will do: what is refused shall be refused by the machine that is logged in to. */
const trusting = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";

/** Logs in as the user, with the machine's key, and says who answers. */
async function login(from: Name, user: string, to: Name, options = ""): Promise<string> {
  const { stdout, stderr, exitCode } = await on(from).exec(
    `ssh -n -o BatchMode=yes -o ConnectTimeout=10 ${options} -i /etc/homelab/user ${user}@${to}.home 'echo $(whoami) on $(hostname)'`,
    { check: false, timeout: 60_000 },
  );
  return exitCode === 0 ? stdout.trim() : `refused: ${stderr.includes("Permission denied")}`;
}

const identity = () => ["--identity", userKey("laptop")];

test("addresses and keys are made without any machine", async () => {
  for (const command of [["lock"], ["vpn", "keys", ...identity()], ["secrets", "generate", ...identity()]]) {
    expect(await deployer.run([...command, "-f", network])).toMatchObject({ exitCode: 0, stderr: "" });
  }
});

test("from nothing to a whole network in one deployment", async () => {
  const { done } = deployer.spawn(["deploy", "-f", network, "--locked", ...identity()], 240_000);
  const { exitCode, stdout, stderr } = await done;
  expect(stdout.split(activated), stdout + stderr).toHaveLength(names.length + 1);
  expect(exitCode).toBe(0);
}, 260_000);

test("everyone reaches everyone through the VPN, by name", async () => {
  for (const { from, to } of pairs) {
    const { exitCode } = await on(from).exec(
      `for i in $(seq 20); do ping -q -c 1 -W 2 ${to}.home >/dev/null && exit 0; sleep 0.2; done; exit 1`,
      { check: false, timeout: 90_000 },
    );
    expect({ from, to, exitCode }).toEqual({ from, to, exitCode: 0 });
  }
  expect((await on("laptop").exec("ip route get 198.51.100.1")).stdout).toContain("dev home");
}, 300_000);

test("the same names and addresses from both name servers", async () => {
  const lock = JSON.parse(readFileSync(join(network, "nixus.lock"), "utf8"));
  const laptop = lock.vpn.addresses.home.laptop;
  for (const server of ["hub", "nas"] as const) {
    const ask = async (question: string) =>
      (await on("desktop").exec(`dig @${on(server).address} +short +norec ${question}`)).stdout.trim();
    await expect.poll(() => ask("www.lab.example.com A"), { timeout: 30_000 }).toContain(on("hub").address);
    expect(await ask("laptop.vpn.lab.example.com A")).toBe(laptop.subnetIp);
    expect(await ask("laptop.vpn.lab.example.com AAAA")).toBe(laptop.subnetIp6);
    expect((await ask("lab.example.com NS")).split("\n").sort()).toEqual([
      "ns1.lab.example.com.",
      "ns2.lab.example.com.",
    ]);
  }
});

test("every login that is allowed works without a question, and no other", async () => {
  for (const from of names) {
    for (const to of names) {
      const answer = workplaces.includes(from)
        ? await login(from, "alice", to)
        : await login(from, "alice", to, trusting);
      const expected = workplaces.includes(from) ? `alice on ${to}` : "refused: true";
      expect({ from, to, answer }).toEqual({ from, to, answer: expected });
    }
    expect(await login(from, "root", "hub", trusting)).toBe("refused: true");
  }
  await on("hub").exec("echo precious >/srv/www/data");
  await on("nas").exec("systemctl start backup-hub");
  expect((await on("nas").exec("tar -xOf /srv/backup/hub.tar ./data")).stdout).toBe("precious\n");
}, 300_000);

test("services answer where they should", async () => {
  const page = async (from: Name, url: string) =>
    (await on(from).exec(`curl --silent --max-time 3 ${url} || echo none`)).stdout;
  expect(await page("media", `http://${on("hub").address}/`)).toBe("Welcome to the lab\n");
  expect(await page("desktop", "http://media.home:8000/")).toBe("Music from media\n");
  expect(await page("desktop", `http://${on("media").address}:8000/`)).toBe("none\n");
});

test("desktop sleeps as hub, asked through the VPN, lets it; nobody else can be asked", async () => {
  await on("desktop").exec("until [ -s /run/asked-to-sleep ]; do sleep 0.2; done", { timeout: 120_000 });
  expect((await on("desktop").exec("head -n 1 /run/asked-to-sleep")).stdout).toBe("-m mem -s 1800\n");
  const request = "curl --silent --max-time 3 -w '%{http_code}' -o /dev/null -d minutes=30";
  const ask = async (from: Name, address: string) =>
    (await on(from).exec(`${request} http://${address}:8423/machines/desktop`, { check: false })).stdout;
  expect(await ask("laptop", "hub.home")).toBe("303");
  expect(await ask("media", on("hub").address)).toBe("000");
}, 140_000);

test("a second deployment changes nothing", async () => {
  const before = await Promise.all(names.map((name) => currentSystem(on(name))));
  const { exitCode, stdout } = await deployer.spawn(
    ["deploy", "-f", network, "--json", ...identity()],
    120_000,
  ).done;
  expect(exitCode).toBe(0);
  const outcomes = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter((event) => event.type === "finished")
    .map((event) => event.outcome);
  expect(outcomes).toEqual(names.map(() => "unchanged"));
  expect(await Promise.all(names.map((name) => currentSystem(on(name))))).toEqual(before);
});
