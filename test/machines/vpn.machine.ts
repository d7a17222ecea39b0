/**
 * `vpn.networks` between real machines: a star of WireGuard (by wireguard-go) and one of OpenVPN, both with IPv4 and
 * IPv6; a client whose way to the internet is the server; addresses from nixus.lock; a client that is removed.
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "./lib/index.ts";
import { activated, Deployer } from "./nixus.ts";

const names = ["hub", "spoke", "roam"] as const;
type Name = (typeof names)[number];
const hostOf = (name: string) => `${name}.example.com`;
const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));

/** What the lock assigns: the hub says its own, and the others get the next ones in the order of their names. */
const home = {
  hub: ["10.7.0.1", "fd07::1"],
  roam: ["10.7.0.2", "fd07::2"],
  spoke: ["10.7.0.3", "fd07::3"],
} as const;
const office = { hub: "10.8.0.1", roam: "10.8.0.20", spoke: "10.8.0.30" } as const;
const office6 = { hub: "fd08::1", roam: "fd08::20", spoke: "fd08::30" } as const;

/** A machine of the internet beyond the hub: it knows no way back to the addresses of the VPNs. */
const internet = { ipv4: "198.51.100.2", ipv6: "2001:db8:51::2" } as const;
/** Another address of the deployer, to which machines have no route but the default one. */
const far = "203.0.113.7";

let lab: Lab;
let deployer: Deployer;
let directory: string;
const on = (name: Name) => lab.machine(hostOf(name));
const wireguardKeys = new Map<Name, string>();
const sshKeys = new Map<Name, string>();
const hostKeys = new Map<Name, string>();

/** A private key of WireGuard and its public key, in base64: RFC 7748, as the raw 32 bytes. */
function wireguardKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const raw = (der: Buffer) => der.subarray(-32).toString("base64");
  return {
    privateKey: raw(privateKey.export({ type: "pkcs8", format: "der" })),
    publicKey: raw(publicKey.export({ type: "spki", format: "der" })),
  };
}

/** Certificates of a new authority, for a server and clients; in files of the directory. */
async function makeCertificates(): Promise<void> {
  const openssl = (...args: string[]) => execa("openssl", args, { cwd: directory });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-subj",
    "/CN=authority",
    "-days",
    "10",
  );
  for (const name of names) {
    await openssl("req", ...newKey, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    const usage = name === "hub" ? "serverAuth" : "clientAuth";
    writeFileSync(join(directory, `${name}.ext`), `extendedKeyUsage=${usage}\nkeyUsage=digitalSignature\n`);
    await openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-out", `${name}.crt`, "-days", "10", "-extfile", `${name}.ext`],
    );
  }
}

beforeAll(async () => {
  lab = await Lab.start({
    machines: names.map((name) => ({ name: hostOf(name), image: "debian-services" })),
  });
  deployer = new Deployer(lab);
  directory = join(lab.home, "keys");
  mkdirSync(directory);
  await makeCertificates();
  await lab.run(["ip", "address", "add", `${far}/32`, "dev", "lo"]);
  for (const name of names) {
    const { privateKey, publicKey } = wireguardKey();
    wireguardKeys.set(name, publicKey);
    const file = join(directory, `ssh-${name}`);
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `root@${name}`, "-f", file]);
    sshKeys.set(name, readFileSync(`${file}.pub`, "utf8").trim());
    const text = (path: string) => readFileSync(join(directory, path), "utf8");
    const files: Readonly<Record<string, string>> = {
      "/etc/vpn/wireguard": `${privateKey}\n`,
      "/etc/vpn/ca.crt": text("ca.crt"),
      "/etc/vpn/own.crt": text(`${name}.crt`),
      "/etc/vpn/own.key": text(`${name}.key`),
      "/root/.ssh/id_ed25519": readFileSync(file, "utf8"),
    };
    for (const [path, contents] of Object.entries(files)) {
      await on(name).exec(`umask 077; mkdir -p "$(dirname ${path})"; cat >${path} <<'END'\n${contents}END`);
    }
    await on(name).exec("rm -f /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts");
    hostKeys.set(name, (await on(name).exec("cat /etc/ssh/ssh_host_ed25519_key.pub")).stdout.trim());
  }
  await on("hub").exec(`
    ip netns add internet
    ip link add uplink type veth peer name inside netns internet
    ip address add 198.51.100.1/24 dev uplink
    ip address add 2001:db8:51::1/64 dev uplink nodad
    ip link set uplink up
    ip -n internet address add ${internet.ipv4}/24 dev inside
    ip -n internet address add ${internet.ipv6}/64 dev inside nodad
    ip -n internet link set inside up
    ip -n internet link set lo up`);
});
afterAll(() => lab?.stop());

interface Variant {
  /** The clients that are in it. */
  readonly clients: readonly Exclude<Name, "hub">[];
  readonly topology?: "star" | "mesh";
}

function network({ clients, topology = "star" }: Variant): string {
  const keys = (name: Name) => `
    wireguard = { publicKey = "${wireguardKeys.get(name)}"; privateKeyFile = "/etc/vpn/wireguard"; };`;
  const certificate = (name: Name) => `
    subnetIp = "${office[name]}"; subnetIp6 = "${office6[name]}";
    openvpn = { certificateFile = "/etc/vpn/own.crt"; privateKeyFile = "/etc/vpn/own.key"; };`;
  const isMesh = topology === "mesh";
  const ofHome = clients.map(
    (name) => `clients.${name} = { ${keys(name)}
      ${name === "roam" && !isMesh ? "internetGateway = true;" : ""}
      ${name === "spoke" && isMesh ? `endpoint = "${on(name).address}"; port = 7777;` : ""} };`,
  );
  const ofOffice = clients.map((name) => `clients.${name} = { ${certificate(name)} };`);
  const access = names.flatMap((from) =>
    names.map((to) => `ssh.access.${from}.keys.root.hasAccessTo.${to}.root = true;`),
  );
  return `{
    defaults = { platform = "linux"; configuration = { networking.firewall.enable = true; }; };
    nodes.hub.configuration.networking.public.ipv4 = "${on("hub").address}";
    ${names
      .map(
        (name) => `nodes.${name}.host = "root@${hostOf(name)}";
      ssh.access.${name} = { hostKeys.host = "${hostKeys.get(name)}"; keys.root.publicKey = "${sshKeys.get(name)}"; };`,
      )
      .join("\n")}
    ${access.join("\n")}
    vpn.networks.home = {
      subnet = "10.7.0.0/24";
      subnet6 = "fd07::/64";
      topology = "${topology}";
      interface = "wg0";
      server = { node = "hub"; subnetIp = "10.7.0.1"; externalInterface = "uplink"; ${keys("hub")} };
      ${ofHome.join("\n")}
    };
    vpn.networks.office = {
      backend = "openvpn";
      subnet = "10.8.0.0/24";
      subnet6 = "fd08::/64";
      keepalive = 3;
      server = { node = "hub"; ${certificate("hub")} };
      ${ofOffice.join("\n")}
      openvpn.caFile = "/etc/vpn/ca.crt";
    };
  }`;
}

async function deployed(variant: Variant, ...nodes: readonly string[]): Promise<void> {
  const file = deployer.file(network(variant));
  const result = await deployer.run(["deploy", "-f", file, ...nodes]);
  expect(result.stdout.split(activated), result.stdout + result.stderr).toHaveLength(
    (nodes.length || names.length) + 1,
  );
  expect(result.exitCode).toBe(0);
}

const all: Variant = { clients: ["roam", "spoke"] };

/** Whether an answer comes, at the latest after the tunnel has had the time to be made. */
async function reaches(from: Name, address: string, patience = 30): Promise<boolean> {
  const { exitCode } = await on(from).exec(
    `for i in $(seq ${patience}); do ping -q -c 1 -W 1 ${address} >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1`,
    { check: false, timeout: 120_000 },
  );
  return exitCode === 0;
}

test("nixus lock assigns the addresses without which nothing is deployed, and keeps them", async () => {
  const file = deployer.file(network(all));
  const refused = await deployer.run(["deploy", "-f", file]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("'vpn.networks.home.clients.roam.subnetIp' is not set");
  expect(refused.stderr).toContain("run 'nixus lock'");

  const lock = await deployer.run(["lock", "-f", file]);
  expect(lock).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("assigned 10.7.0.2 to 'roam' in the VPN 'home'"),
  });
  const again = await deployer.run(["lock", "-f", file]);
  expect(again.stdout).toBe("nixus.lock has all that the network needs\n");
});

test("one deployment brings both networks up: everyone reaches everyone, and knows them by name", async () => {
  await deployed(all);
  for (const { from, to } of pairs) {
    for (const address of [...home[to], office[to], office6[to]]) {
      expect({ from, to, address, reached: await reaches(from, address) }).toMatchObject({ reached: true });
    }
    const login = await on(from).exec(
      `ssh -o BatchMode=yes -o ConnectTimeout=10 ${to}.home 'hostname; echo $SSH_CONNECTION' </dev/null`,
      { check: false },
    );
    expect(login, login.stderr).toMatchObject({ exitCode: 0 });
    expect(login.stdout).toMatch(new RegExp(`^${to}\\n(${home[from].join("|")}) `));
    const other = await on(from).exec(`ssh -o BatchMode=yes ${to}.office hostname </dev/null`, {
      check: false,
    });
    expect(other, other.stderr).toMatchObject({ exitCode: 0, stdout: `${to}\n` });
  }
}, 240_000);

describe("a client with internetGateway", () => {
  test("reaches the internet through the server, under the server's address; others do not", async () => {
    for (const address of [internet.ipv4, internet.ipv6]) {
      expect({ address, reached: await reaches("roam", address) }).toEqual({ address, reached: true });
    }
    expect(await reaches("spoke", internet.ipv4, 2)).toBe(false);
    // No one there knows a way to the VPN's own addresses.
    const routes = await on("hub").exec("ip -n internet route; ip -n internet -6 route");
    expect(routes.stdout).not.toMatch(/default|10\.7|fd07/);
    expect((await on("roam").exec(`ip route get ${internet.ipv4}`)).stdout).toContain("dev wg0");
  });

  test("can still be logged in to from anywhere", async () => {
    const login = await lab.run([
      "ssh",
      "-b",
      far,
      "-o",
      "ConnectTimeout=10",
      hostOf("roam"),
      "echo $SSH_CLIENT",
    ]);
    expect(login, login.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(far) });
    expect((await on("roam").exec(`ip route get ${far}`)).stdout).toContain("dev wg0");
  });

  test("has the way after a restart of the interface, too", async () => {
    await on("roam").exec("systemctl restart wireguard-wg0");
    expect(await reaches("roam", internet.ipv4)).toBe(true);
    await on("roam").exec("systemctl stop wireguard-wg0");
    expect((await on("roam").exec("ip rule; nft list tables; ip link")).stdout).not.toMatch(
      /28280|nixus_vpn|wg0/,
    );
    await on("roam").exec("systemctl start wireguard-wg0");
    expect(await reaches("roam", internet.ipv4)).toBe(true);
  });
});

test("wireguard-go that has crashed is started again, and everything with it", async () => {
  for (const name of ["hub", "roam"] as const) {
    const invocation = async () =>
      (await on(name).exec("systemctl show -P InvocationID wireguard-wg0")).stdout.trim();
    const before = await invocation();
    await on(name).exec("kill -SEGV $(systemctl show -P MainPID wireguard-wg0)");
    await expect.poll(invocation, { timeout: 60_000 }).not.toBe(before);
    await on(name).exec("until systemctl is-active --quiet wireguard-wg0; do sleep 0.2; done");
    // Who still has the old session asks for a new one when nothing has answered for 15 seconds.
    expect(await reaches("spoke", home[name][1])).toBe(true);
  }
  expect(await reaches("roam", internet.ipv4)).toBe(true);
});

test("in a mesh two clients of which one has an endpoint need no server", async () => {
  await deployed({ ...all, topology: "mesh" });
  expect(await reaches("roam", home.spoke[0])).toBe(true);
  await on("hub").exec("systemctl stop wireguard-wg0");
  for (const address of home.spoke) {
    expect({ address, reached: await reaches("roam", address) }).toEqual({ address, reached: true });
  }
  await on("hub").exec("systemctl start wireguard-wg0");
});

test("a client that is removed loses access, whatever it still has", async () => {
  await deployed(all, "hub", "spoke");
  expect(await reaches("roam", office.hub)).toBe(true);
  await deployed({ clients: ["spoke"] }, "hub", "spoke");
  for (const address of [home.hub[0], home.hub[1], home.spoke[0], office.hub, office6.hub, office.spoke]) {
    expect({ address, reached: await reaches("roam", address, 2) }).toEqual({ address, reached: false });
  }
  expect(await reaches("spoke", home.hub[0])).toBe(true);
  expect(await reaches("spoke", office.hub)).toBe(true);

  await deployed({ clients: ["spoke"] }, "roam");
  expect((await on("roam").exec("ip link; cat /etc/hosts")).stdout).not.toMatch(/wg0|office|10\.7\.0/);
});
