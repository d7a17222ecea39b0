/** `nixus diff` and `nixus deploy --dry-run`: what they say comes true, and nothing is changed, there or here. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../src/events/event.ts";
import type { Preview } from "../../src/events/preview.ts";
import { diffSnapshots, Lab, type Machine } from "./lib/index.ts";
import { activated, Deployer } from "./nixus.ts";

const name = "foo.example.com";

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
  writeFileSync(join(lab.home, "token"), "first\n");
  // Nix itself makes its directories when it is first asked for anything.
  await foo.exec("nix-store --gc --print-roots");
});
afterAll(() => lab?.stop());

const network = (configuration: string, settings = "") => `{ lib, ... }: {
  nodes.foo = {
    host = "root@${name}";
    platform = "linux";
    successTimeout = 8;
    ${settings}
    configuration = { config, ... }: { ${configuration} };
  };
}`;

const service = (unit: string, argument: string) =>
  `systemd.services.${unit} = { wantedBy = [ "multi-user.target" ]; serviceConfig.ExecStart = "/bin/sleep ${argument}"; };`;

const first = network(`
  environment.etc = { mark.text = "one"; old.text = "old"; };
  ${service("changes", "1001")} ${service("goes", "1002")} ${service("stays", "1003")}
`);

const second = () =>
  network(`
  environment.etc = { mark.text = "two"; issue.text = "ours"; };
  ${service("changes", "2001")} ${service("stays", "1003")} ${service("comes", "1004")}
  services.openssh.settings.X11Forwarding = false;
  secrets.files.token.file = "${join(lab.home, "token")}";
  systemd.services.reader = { wantedBy = [ "multi-user.target" ];
    serviceConfig.ExecStart = "/bin/sleep 1005"; environment.TOKEN = config.secrets.files.token.file; };
`);

/** Also what snapshots leave out: our own state, the store, what is in memory. Files of logins come and go. */
const everything = `
  find /var/lib/nixus /run/nixus /nix/store /nix/var/nix/gcroots /nix/var/nix/profiles /tmp /var/tmp -printf '%p %y %m %s %T@ %l\\n' 2>/dev/null | sort
  ls /run | grep -v motd.dynamic; cat /proc/mounts; ps -eo args | grep -c '[n]ixus_script' || true
  nix-store --gc --print-roots | sort`;

/** What lies at the deployer's: state, networks, temporary files. The cache of evaluations may be written. */
async function here(): Promise<string> {
  const command =
    "cd; find . -name .cache -prune -o '(' -type f -printf '%p %s %T@\\n' -o -printf '%p\\n' ')' | sort";
  return (await lab.run(["sh", "-c", command])).stdout;
}

/** Runs nixus, and makes sure that it has changed nothing. */
async function look(...args: string[]) {
  const [machine, rest, home] = [await foo.snapshot(), (await foo.exec(everything)).stdout, await here()];
  const running = lab.spawn([process.execPath, deployer.program, ...args], {
    env: { TMPDIR: lab.home },
    timeout: 90_000,
  });
  const result = await running.done;
  expect(diffSnapshots(machine, await foo.snapshot())).toEqual([]);
  expect((await foo.exec(everything)).stdout).toBe(rest);
  expect(await here()).toBe(home);
  return result;
}

async function previewOf(file: string): Promise<Preview> {
  const { stdout, stderr } = await look("diff", "-f", file, "--json");
  const events = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);
  const found = events.flatMap((event) => (event.type === "preview" ? [event.preview] : []))[0];
  if (found === undefined) throw new Error(`no preview: ${stdout}${stderr}`);
  return found;
}

test("of a machine that Nixus never deployed", async () => {
  const file = deployer.file(first);
  const diff = await look("diff", "-f", file);
  expect(diff.stdout, diff.stderr).toMatch(
    /^foo: no system -> \/nix\/store\/\S+-linux-system\n {2}closure: \d+ paths added/,
  );
  expect(diff.stdout).toContain("    + /etc/mark\n");
  expect(diff.stdout).toContain("    start: changes.service, goes.service, stays.service\n");
  expect(diff.exitCode).toBe(0);
  const dry = await look("deploy", "-f", file, "--dry-run");
  expect(dry.stdout, dry.stderr).toMatch(/\[foo\.example\.com\] would switch from \S+ to \S+\n/);
  expect(dry.stdout).toContain("[foo.example.com]   + /etc/mark\n");
  expect(dry.exitCode).toBe(0);
  const deployed = await deployer.run(["deploy", "-f", file]);
  expect(deployed.stdout, deployed.stderr).toContain(activated);
  const same = await look("diff", "-f", file);
  expect(same.stdout).toBe("foo\n  no difference\n");
});

describe("of a change", () => {
  let file: string;

  test("what it says comes true", async () => {
    file = deployer.file(second());
    const preview = await previewOf(file);
    expect(preview.files).toEqual([
      { path: "/etc/issue", change: "replaced" },
      { path: "/etc/mark", change: "changed" },
      { path: "/etc/old", change: "removed" },
      { path: "/etc/ssh/sshd_config.d/00-nixus.conf", change: "changed" },
    ]);
    expect(preview.secrets).toEqual({ sent: ["foo/token"], removed: [] });
    expect(preview.reboot).toEqual({ known: true, value: [] });
    if (!preview.closure.known || !preview.units.known) throw new Error("not known");
    expect(preview.closure.value.added.map(({ path }) => path.replace(/^.{44}/, ""))).toEqual(
      expect.arrayContaining(["etc-mark", "changes.service", "comes.service"]),
    );

    const before = (await foo.exec("nix-store -qR /run/current-system")).stdout;
    const pids = async () =>
      (await foo.exec("systemctl show -P MainPID stays.service changes.service")).stdout;
    const old = await pids();
    const { stdout, stderr } = await deployer.run(["deploy", "-f", file, "--verbose"]);
    expect(stdout, stderr).toContain(activated);
    const after = (await foo.exec("nix-store -qR /run/current-system")).stdout;
    const only = (a: string, b: string) =>
      a
        .split("\n")
        .filter((path) => !b.split("\n").includes(path))
        .sort();
    // A pointer to a secret has another name each time that there is no nixus.lock yet.
    const names = (paths: readonly string[]) => paths.map((path) => path.replace(/^.{44}/, "")).sort();
    expect(names(preview.closure.value.added.map(({ path }) => path))).toEqual(names(only(after, before)));
    expect(preview.closure.value.removed.map(({ path }) => path).sort()).toEqual(only(before, after));
    const { stop, start, restart, reload } = preview.units.value;
    const said = (words: string) =>
      new RegExp(`${words} the following units: (.*)`).exec(stdout)?.[1]?.split(", ") ?? [];
    expect(stop).toEqual(said("stopping"));
    expect(start).toEqual(said("starting"));
    expect(restart).toEqual(said("restarting"));
    expect(reload).toEqual(said("reloading"));
    expect(reload).toEqual(["ssh.service"]);
    expect(stop).toEqual(expect.arrayContaining(["changes.service", "goes.service"]));
    const now = await pids();
    expect(now.split("\n")[0]).toBe(old.split("\n")[0]);
    expect(now.split("\n")[2]).not.toBe(old.split("\n")[2]);
  });

  test("a secret with other contents leaves nixus.lock alone", async () => {
    const lock = join(file, "../nixus.lock");
    const text = readFileSync(lock, "utf8");
    writeFileSync(join(lab.home, "token"), "second\n");
    const { stdout, stderr } = await look("diff", "-f", file);
    expect(stderr).toContain("nixus.lock would change: changed secret foo/token\n");
    expect(stdout).toContain("    + foo/token (is sent)\n");
    expect(stdout).toMatch(/ {2}units:\n {4}stop: reader.service\n {4}start: reader.service\n/);
    expect(readFileSync(lock, "utf8")).toBe(text);
    const without = await previewOf(deployer.file(first));
    expect(without.secrets).toEqual({ sent: [], removed: ["token"] });
  });
});

test("what the machine would refuse is an error, and phases are not run", async () => {
  const refused = deployer.file(
    network(`environment.etc."ssh/sshd_config.d/bad.conf".text = "Nonsense yes\\n";`),
  );
  const { stdout, exitCode } = await look("diff", "-f", refused);
  expect(stdout).toMatch(
    /error: the machine would refuse the new system .*sshd would refuse the new configuration/,
  );
  expect(stdout).toContain("  units: the dry activation failed\n");
  expect(exitCode).toBe(1);
  const phases = deployer.file(
    network(
      `environment.etc.mark.text = "three";`,
      `deployScriptPhases.first = lib.dag.entryBefore [ "connect" ] "touch ${lab.home}/ran";`,
    ),
  );
  const dry = await look("deploy", "-f", phases, "--dry-run");
  expect(dry.exitCode, dry.stdout + dry.stderr).toBe(0);
  expect(dry.stdout).not.toContain("Running phase");
});
