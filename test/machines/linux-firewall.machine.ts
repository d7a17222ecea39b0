/** `networking.firewall`, `networking.nat` and `boot.kernel.sysctl` on a machine that has rules of its own. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { activated, Deployer, networkWith, rolledBack } from "./nixus.ts";

let lab: Lab;
let foo: Machine;
let bar: Machine;
let deployer: Deployer;

/** Says to whoever connects where the connection comes from, on ports 7001 to 7005. */
const listener = {
  "/etc/systemd/system/says-address.socket": `[Socket]\n${[1, 2, 3, 4, 5].map((n) => `ListenStream=700${n}\n`).join("")}Accept=yes\n[Install]\nWantedBy=sockets.target\n`,
  "/etc/systemd/system/says-address@.service":
    "[Service]\nExecStart=/bin/sh -c 'echo $REMOTE_ADDR'\nStandardOutput=socket\n",
};

/** The machine's own: it counts, and what it refuses is refused. */
const theirs = `table inet theirs {
  chain input {
    type filter hook input priority 10; policy accept;
    tcp dport 7005 drop
  }
}`;

/** A network behind foo, in which a machine at 10.99.0.2 serves port 80. */
const inside = `
  ip netns add inside
  ip link add to-inside type veth peer name outside netns inside
  ip address add 10.99.0.1/24 dev to-inside
  ip link set to-inside up
  ip -n inside address add 10.99.0.2/24 dev outside
  ip -n inside link set outside up
  ip -n inside link set lo up
  ip -n inside route add default via 10.99.0.1
  systemd-run --quiet --unit=inside-web ip netns exec inside busybox httpd -f -p 80 -h /etc/inside`;

beforeAll(async () => {
  lab = await Lab.start({
    machines: [
      {
        name: "foo.example.com",
        image: "debian-services",
        files: { ...listener, "/etc/inside/page": "from inside\n" },
      },
      { name: "bar.example.com", image: "debian-services", files: listener },
    ],
  });
  foo = lab.machine("foo.example.com");
  bar = lab.machine("bar.example.com");
  deployer = new Deployer(lab);
  await bar.exec("systemctl start says-address.socket");
  await foo.exec(`systemctl enable --now says-address.socket
    nft -f - <<'END'\n${theirs}\nEND
    ${inside}`);
});
afterAll(() => lab?.stop());

async function deployed(configuration: string): Promise<void> {
  const result = await deployer.deploy(networkWith(configuration));
  expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(activated) });
}

/** What becomes of a connection: "open", "refused" (an answer says so) or "dropped" (none comes). */
async function connect(from: Machine, to: string, port: number, within = ""): Promise<string> {
  const { exitCode } = await from.exec(
    `${within} timeout 3 bash -c 'exec 3<>/dev/tcp/${to}/${port}' 2>/dev/null`,
    { check: false },
  );
  return exitCode === 0 ? "open" : exitCode === 124 ? "dropped" : "refused";
}
const toFoo = (port: number) => connect(bar, foo.address, port);

const tables = async () => (await foo.exec("nft list tables | sort")).stdout;
const ownTable = async () => (await foo.exec("nft list table inet theirs")).stdout;
const ourRules = async () => (await foo.exec("nft list table inet nixus-fw")).stdout;
const parameter = async (path: string) => (await foo.readFile(`/proc/sys/${path}`)).trim();

const firewall = (settings: string) => `networking.firewall = {
  enable = true; allowedTCPPorts = [ 7001 ]; interfaces.host0.allowedTCPPorts = [ 7002 ];
  interfaces.elsewhere.allowedTCPPorts = [ 7003 ];
  ${settings}
};`;

describe("a firewall", () => {
  test("drops what no option lets in, beside the machine's own rules", async () => {
    const before = await ownTable();
    expect(await toFoo(7004)).toBe("open");
    await deployed(firewall(""));
    expect(await Promise.all([7001, 7002, 7003, 7004, 7005].map(toFoo))).toEqual([
      "open",
      "open",
      "dropped",
      "dropped",
      "dropped",
    ]);
    expect((await bar.exec(`ping -c 1 -W 3 ${foo.address}`)).exitCode).toBe(0);
    expect(await connect(foo, "127.0.0.1", 7004)).toBe("open");
    expect(await connect(foo, bar.address, 7004)).toBe("open");
    expect(await ownTable()).toBe(before);
  });

  test("changes in one transaction, and connections that are open stay", async () => {
    await foo.exec("systemd-run --quiet --unit=monitor -p StandardOutput=file:/run/monitor nft monitor");
    const held = lab.spawn([
      "ssh",
      "foo.example.com",
      "echo ready; until [ -e /run/go ]; do sleep 0.1; done; echo went",
    ]);
    await held.waitForOutput(/ready/);
    await deployed(
      firewall(`rejectPackets = true; allowPing = false; extraInputRules = "tcp dport 7004 accept";`),
    );
    await foo.exec("systemctl stop monitor");
    const { stdout } = await foo.exec("grep 'new generation' /run/monitor || true");
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(await Promise.all([7001, 7003, 7004].map(toFoo))).toEqual(["open", "refused", "open"]);
    expect((await bar.exec(`ping -c 1 -W 1 ${foo.address}`, { check: false })).exitCode).not.toBe(0);
    await foo.exec("touch /run/go");
    expect(await held.done).toMatchObject({ stdout: "ready\nwent\n", exitCode: 0 });
  });

  test("that locks the deployer out is rolled back", async () => {
    const before = await ourRules();
    const result = await deployer.deploy(
      networkWith(`${firewall("")} services.openssh.openFirewall = false;`),
    );
    expect(result.stdout).toContain(rolledBack);
    expect(result.exitCode).toBe(1);
    expect(await ourRules()).toBe(before);
    expect(await toFoo(22)).toBe("open");
  });

  test("that nft does not understand is refused before anything changes", async () => {
    const before = await ourRules();
    const result = await deployer.deploy(
      networkWith(`${firewall(`extraInputRules = "let them in";`)} environment.etc.never.text = "";`),
    );
    expect(result.stdout).toContain("nft refuses the rules of networking.firewall and networking.nat");
    expect(result.stdout).toContain("let them in");
    expect(result.exitCode).toBe(1);
    expect(await ourRules()).toBe(before);
    expect((await foo.exec("ls /etc/never", { check: false })).exitCode).not.toBe(0);
  });

  test("is there after a boot", async () => {
    await deployed(firewall(""));
    await foo.reboot();
    await foo.waitForBoot();
    await foo.waitForSsh();
    expect(await toFoo(7001)).toBe("open");
    expect(await toFoo(7004)).toBe("dropped");
    const order = "systemctl show -p ActiveEnterTimestampMonotonic --value";
    const { stdout } = await foo.exec(`${order} nixus-firewall.service; ${order} network-pre.target`);
    const [loaded = 0, network = 0] = stdout.trim().split("\n").map(Number);
    expect(loaded).toBeGreaterThan(0);
    expect(loaded).toBeLessThanOrEqual(network);
    await foo.exec(`nft -f - <<'END'\n${theirs}\nEND\n${inside}`);
  });

  test("that was not committed is gone after a power cut", async () => {
    const deployment = deployer.spawn([
      "deploy",
      "-f",
      deployer.file(
        networkWith(`${firewall("allowedTCPPortRanges = [ { from = 7004; to = 7004; } ];")}
          boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = true;
          system.activationScripts.z-slow = "touch /run/slow; sleep 20";`),
      ),
    ]);
    await foo.exec("until [ -e /run/slow ]; do sleep 0.1; done");
    expect(await parameter("net/ipv4/ip_forward")).toBe("1");
    await foo.powerCut();
    await foo.powerOn();
    await foo.waitForBoot();
    await foo.waitForSsh();
    await deployment.done;
    expect(await parameter("net/ipv4/ip_forward")).toBe("0");
    expect(await toFoo(7001)).toBe("open");
    expect(await toFoo(7004)).toBe("dropped");
    await foo.exec(`nft -f - <<'END'\n${theirs}\nEND\n${inside}`);
  });
});

describe("address translation", () => {
  const behind = "ip netns exec inside";
  const nat = `networking.nat = {
    enable = true; internalInterfaces = [ "to-inside" ]; externalInterface = "host0";
    forwardPorts = [ { sourcePort = 8080; destination = "10.99.0.2:80"; loopbackIPs = [ "10.44.0.11" ]; } ];
  };`;
  const addressSeen = async () =>
    (
      await foo.exec(
        `${behind} timeout 5 bash -c 'exec 3<>/dev/tcp/${bar.address}/7001 && cat <&3' 2>/dev/null`,
        { check: false },
      )
    ).stdout.trim();
  const page = async (machine: Machine, within = "") =>
    (
      await machine.exec(`${within} curl -s -m 5 http://${foo.address}:8080/page`, {
        check: false,
      })
    ).stdout;

  test("lets those behind the machine out with its address, and forwards ports to them", async () => {
    expect(await addressSeen()).toBe("");
    await deployed(nat);
    expect(await parameter("net/ipv4/ip_forward")).toBe("1");
    expect(await addressSeen()).toBe(foo.address);
    expect(await page(bar)).toBe("from inside\n");
    expect(await page(foo)).toBe("from inside\n");
    expect(await page(foo, behind)).toBe("from inside\n");
    expect(await toFoo(7004)).toBe("open");
  });

  test("passes a firewall that filters what is forwarded", async () => {
    await deployed(`${nat} ${firewall("filterForward = true;")}`);
    expect(await addressSeen()).toBe(foo.address);
    expect(await page(bar)).toBe("from inside\n");
    expect(await toFoo(7004)).toBe("dropped");
    await foo.exec("ip -n inside address add 10.99.0.3/24 dev outside");
    expect(await connect(bar, "10.99.0.2", 80, `ip route add 10.99.0.0/24 via ${foo.address};`)).toBe(
      "dropped",
    );
  });
});

test("kernel parameters are set, refused and put back", async () => {
  const path = "net/ipv4/conf/default/rp_filter";
  const found = await parameter(path);
  const other = found === "2" ? "1" : "2";
  await deployed(`boot.kernel.sysctl."net.ipv4.conf.default.rp_filter" = ${other};
    boot.kernel.sysctl."net.ipv4.conf.absent.rp_filter" = 1;`);
  expect(await parameter(path)).toBe(other);
  expect(await parameter("net/ipv4/ip_forward")).toBe("0");
  const refused = await deployer.deploy(
    networkWith(
      `boot.kernel.sysctl = { "net.ipv4.conf.default.rp_filter" = ${found}; "net.ipv4.tcp_rmem" = "few"; };`,
    ),
  );
  expect(refused.stdout).toContain("the kernel refuses 'few' as the value of /proc/sys/net/ipv4/tcp_rmem");
  expect(refused.stdout).toContain(rolledBack);
  expect(await parameter(path)).toBe(other);
  await deployed("");
  expect(await parameter(path)).toBe(found);
});

test("nothing is left when nothing is asked for any more", async () => {
  expect(await tables()).toBe("table inet theirs\n");
  expect(await toFoo(7004)).toBe("open");
  expect((await foo.exec("ls /run/sysctl.d", { check: false })).stdout).toBe("");
});
