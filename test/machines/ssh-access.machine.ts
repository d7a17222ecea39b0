/** `ssh.access`: who may log in where, between real machines with the real ssh, and nobody else. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab } from "./lib/index.ts";
import { activated, Deployer } from "./nixus.ts";

const names = ["one", "two", "three"] as const;
type Name = (typeof names)[number];
const hostOf = (name: string) => `${name}.example.com`;

/** By machine: the users that its root's key may log in as, where. Every other pair is not allowed. */
const allowed: Readonly<Record<Name, readonly `${string}@${Name}`[]>> = {
  one: ["bob@two", "root@three"],
  two: ["bob@three", "bob@two"],
  three: [],
};
const users = ["root", "bob"] as const;
const pairs = names.flatMap((from) =>
  names.flatMap((to) => users.map((user) => ({ from, to: `${user}@${to}` as const }))),
);
const isAllowed = ({ from, to }: (typeof pairs)[number]) => allowed[from].some((one) => one === to);

let lab: Lab;
let deployer: Deployer;
const publicKeys = new Map<Name, string>();
/** The Nix that `nixus ssh-keys scan` gave. */
const hostKeys = new Map<Name, string>();

beforeAll(async () => {
  lab = await Lab.start({ machines: names.map((name) => ({ name: hostOf(name) })) });
  deployer = new Deployer(lab);
  const directory = join(lab.home, "keys");
  mkdirSync(directory);
  for (const name of names) {
    const machine = lab.machine(hostOf(name));
    const file = join(directory, name);
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `root@${name}`, "-f", file]);
    publicKeys.set(name, readFileSync(`${file}.pub`, "utf8").trim());
    // Nobody but the deployment under test may tell the machines of each other.
    await machine.exec(`umask 077
mkdir -p /root/.ssh
rm -f /root/.ssh/known_hosts /etc/ssh/ssh_known_hosts
cat >/root/.ssh/id_ed25519 <<'END'
${readFileSync(file, "utf8")}END`);
  }
});
afterAll(() => lab?.stop());

/** The Nix text of a network in which these may log in; `rest` stands inside. */
function network(access: typeof allowed, rest = ""): string {
  const nodes = names.map((name) => {
    const grants = access[name].map((to) => {
      const [user, node] = to.split("@");
      return `hasAccessTo.${node}.${user} = true;`;
    });
    return `
    nodes.${name}.host = "root@${hostOf(name)}";
    ${hostKeys.get(name) ?? ""}
    ssh.access.${name} = {
      hostNames = [ "${lab.machine(hostOf(name)).address}" ];
      keys.root = { publicKey = "${publicKeys.get(name)}"; ${grants.join(" ")} };
    };`;
  });
  const hosts = names.map(
    (name) => `"${lab.machine(hostOf(name)).address}" = [ "${name}" "${hostOf(name)}" ];`,
  );
  return `{
    defaults = {
      platform = "linux";
      configuration = {
        networking.hosts = { ${hosts.join(" ")} };
        users.users.bob.isNormalUser = true;
      };
    };
    ${nodes.join("")}
    ${rest}
  }`;
}

/** Logs in from a machine as its root; `destination` and what stands behind it are arguments of ssh. */
function ssh(from: Name, ...destination: readonly string[]) {
  const args = destination.map((arg) => `'${arg}'`).join(" ");
  return lab
    .machine(hostOf(from))
    .exec(`ssh -o BatchMode=yes -o ConnectTimeout=10 ${args} </dev/null`, { check: false });
}

test("host keys are fetched from the machines, with their fingerprints, as Nix to paste", async () => {
  const none = network({ one: [], two: [], three: [] });
  for (const name of names) {
    const { stdout, stderr, exitCode } = await deployer.run([
      ...["ssh-keys", "scan", name, "-f"],
      deployer.file(none),
    ]);
    expect(exitCode).toBe(0);
    const fingerprint = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2";
    const own = (await lab.machine(hostOf(name)).exec(fingerprint)).stdout.trim();
    expect(stderr).toContain(`${own} (ssh-ed25519): not in the network\n`);
    hostKeys.set(name, stdout);
  }
  const known = await deployer.run(["ssh-keys", "scan", "three", "-f", deployer.file(network(allowed))]);
  expect(known).toMatchObject({
    stdout: hostKeys.get("three"),
    stderr: expect.stringContaining("(ssh-ed25519): the network's hostKeys.ed25519\n"),
  });
  await lab.machine(hostOf("three")).exec("systemctl stop ssh.socket ssh");
  const silent = await deployer.run(["ssh-keys", "scan", "three", "-f", deployer.file(none)]);
  expect(silent).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringContaining("got no host keys of 'three'"),
  });
  await lab.machine(hostOf("three")).exec("systemctl start ssh");
});

test("one deployment lets exactly those in that are allowed, with no question", async () => {
  for (const pair of pairs) {
    const { exitCode } = await ssh(pair.from, pair.to, "true");
    expect({ ...pair, exitCode }).toEqual({ ...pair, exitCode: 255 });
  }
  const result = await deployer.deploy(network(allowed));
  expect(result.stdout.split(activated)).toHaveLength(names.length + 1);
  expect(result.exitCode).toBe(0);

  expect(pairs.filter(isAllowed)).toHaveLength(4);
  for (const pair of pairs) {
    const { exitCode, stdout, stderr } = await ssh(pair.from, pair.to, "whoami; hostname");
    const [user, node] = pair.to.split("@");
    const expected = isAllowed(pair)
      ? {
          ...pair,
          exitCode: 0,
          stdout: `${user}\n${node}\n`,
          stderr: expect.not.stringMatching(/Warning|authenticity/),
        }
      : { ...pair, exitCode: 255, stdout: "", stderr: expect.stringMatching(/denied|verification failed/) };
    expect({ ...pair, exitCode, stdout, stderr }).toEqual(expected);
  }
});

describe("a machine is known", () => {
  test("under all its names, and to itself as localhost", async () => {
    const { address } = lab.machine(hostOf("two"));
    for (const name of ["two", hostOf("two"), address]) {
      expect(await ssh("one", `bob@${name}`, "hostname")).toMatchObject({ stdout: "two\n", exitCode: 0 });
    }
    expect(await ssh("two", "bob@localhost", "hostname")).toMatchObject({ stdout: "two\n", exitCode: 0 });
  });

  test("by its key: another one is refused", async () => {
    const [two, three] = [hostKeys.get("two")!, hostKeys.get("three")!];
    const wrong = network(allowed).replace(two, three.replace("ssh.access.three", "ssh.access.two"));
    expect((await deployer.deploy(wrong, "one")).exitCode).toBe(0);
    const result = await ssh("one", "bob@two", "true");
    expect(result.exitCode).toBe(255);
    expect(result.stderr).toContain("Host key verification failed");
  });
});

test("options of a key hold", async () => {
  const options = `ssh.access.one.keys.root.options = { restrict = true; command = "echo \\"forced\\" $SSH_ORIGINAL_COMMAND"; };`;
  expect((await deployer.deploy(network(allowed, options))).exitCode).toBe(0);
  expect(await ssh("one", "bob@two", "id")).toMatchObject({ stdout: "forced id\n", exitCode: 0 });
  expect(await ssh("two", "bob@three", "echo free")).toMatchObject({ stdout: "free\n", exitCode: 0 });

  const elsewhere = `ssh.access.one.keys.root.options.from = [ "192.0.2.0/24" ];`;
  expect((await deployer.deploy(network(allowed, elsewhere))).exitCode).toBe(0);
  expect((await ssh("one", "bob@two", "true")).exitCode).toBe(255);
});

test("access that is taken back is gone, and the machine's own file of known hosts is as it was", async () => {
  const none = { one: [], two: [], three: [] };
  expect((await deployer.deploy(network(none))).exitCode).toBe(0);
  for (const pair of pairs) {
    const { exitCode } = await ssh(pair.from, pair.to, "true");
    expect({ ...pair, exitCode }).toEqual({ ...pair, exitCode: 255 });
  }
  for (const name of names) {
    const { stdout } = await lab
      .machine(hostOf(name))
      .exec("ls /etc/ssh/ssh_known_hosts 2>/dev/null || true");
    expect(stdout).toBe("");
  }
});
