import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DeploymentReport, deploy } from "../../src/deploy/deploy.ts";
import type { Event } from "../../src/events/event.ts";
import { type Activation, type TestNode, trivialNetwork } from "../deploy/trivial-system.ts";
import { Lab, type Machine } from "./lib/index.ts";
import { poll } from "./lib/process.ts";
import { offerPackages } from "./repository.ts";
import { useSshOf } from "./ssh-of-lab.ts";

const name = "foo.example.com";

let lab: Lab;
let foo: Machine;
let restorePath: () => void;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name }] });
  foo = lab.machine();
  restorePath = useSshOf(lab);
});

afterAll(async () => {
  restorePath?.();
  await lab?.stop();
});

interface Deployment {
  readonly events: Event[];
  readonly done: Promise<DeploymentReport>;
  readonly stop: AbortController;
  /** Resolves when the event has happened. */
  happened(what: (event: Event) => boolean): Promise<void>;
}

function start(system: string, activation: Activation, node: Partial<TestNode> = {}): Deployment {
  const events: Event[] = [];
  const stop = new AbortController();
  const network = trivialNetwork(system, activation, { name: "foo", host: `root@${name}`, ...node });
  const done = deploy(network, { signal: stop.signal }, (event) => events.push(event));
  return {
    events,
    done,
    stop,
    happened: async (what) => {
      await poll("an event of the deployment", 30_000, () => (events.some(what) ? true : undefined), 20);
    },
  };
}

async function run(system: string, activation: Activation, node: Partial<TestNode> = {}) {
  const deployment = start(system, activation, node);
  const report = await deployment.done;
  return { events: deployment.events, result: report.nodes[0]!, ok: report.ok };
}

const current = async () => (await foo.exec("readlink -f /run/current-system")).stdout.trim();
const profile = async () => (await foo.exec("readlink -f /nix/var/nix/profiles/system")).stdout.trim();
const history = async () => (await foo.readFile("/var/lib/nixus/history")).trimEnd().split("\n");

/** Nothing of a deployment may stay but its record, and a note of what was copied until that is on the disk. */
async function expectNothingLeft(): Promise<void> {
  let left = "";
  const gone = poll("end of the switcher", 10_000, async () => {
    const { stdout } = await foo.exec(`
      ls /var/lib/nixus/ | grep -v -x -e history -e arriving
      ls /nix/var/nix/gcroots/nixus | grep -v -x current-system
      systemctl list-units --all --plain --no-legend 'nixus-*'
      pgrep -a -f '[n]ixus-switcher'
      true
    `);
    left = stdout;
    return left === "" ? true : undefined;
  });
  await gone.catch(() => expect(left).toBe(""));
}

describe("the switcher", () => {
  let good = "";

  beforeEach(async () => {
    await foo.waitForSsh();
  });

  test("a first deployment that fails leaves no profile behind", async () => {
    const { result, ok } = await run("broken", { test: "exit 1" });
    expect(result).toMatchObject({ outcome: "rolled-back" });
    expect(result.problem?.message).toContain("exit status 1");
    expect(ok).toBe(false);
    expect((await foo.exec("ls -d /nix/var/nix/profiles/system*", { check: false })).stdout).toBe("");
    expect(await current()).toMatch(/-baseline$/);
    await expectNothingLeft();
  });

  test("a good system is confirmed and committed", async () => {
    const { result, events } = await run("good", { boot: "touch /root/made-default" });
    expect(result).toMatchObject({ outcome: "activated", problem: null });
    good = result.system;
    expect(await current()).toBe(good);
    expect(await profile()).toBe(good);
    await foo.exec("test -e /root/made-default");
    expect(events.map(({ type }) => type).filter((type) => type !== "output")).toEqual([
      ...["connecting", "copying-closure", "copying-paths", "copying-path"],
      ...["triggering-switcher", "confirming", "finished", "summary"],
    ]);
    expect(events).toContainEqual(expect.objectContaining({ type: "output", line: "activating good" }));
    await expectNothingLeft();
    expect((await foo.exec("ls /var/lib/nixus/arriving")).stdout).toBe("");
  });

  test("the same system again changes nothing and sends nothing", async () => {
    const before = await foo.snapshot();
    const { result, events, ok } = await run("good", { boot: "touch /root/made-default" });
    expect(result).toMatchObject({ outcome: "unchanged" });
    expect(ok).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(["connecting", "finished", "summary"]);
    expect(before).toEqual(await foo.snapshot());
  });

  test("an activation that fails is rolled back", async () => {
    const { result } = await run("fails", { test: "echo oh no; exit 1" });
    expect(result).toMatchObject({ outcome: "rolled-back", problem: { step: "switch" } });
    expect(result.output).toContain("oh no");
    expect([await current(), await profile()]).toEqual([good, good]);
    await expectNothingLeft();
  });

  test("an activation that hangs is killed with all that it started", async () => {
    const hang = "setsid sleep 4711 & trap '' TERM; sleep 4712";
    const { result } = await run("hangs", { test: hang }, { switchTimeout: 2 });
    expect(result).toMatchObject({ outcome: "rolled-back" });
    expect(result.problem?.message).toContain("longer than 2 s");
    expect((await foo.exec("pgrep -f 'sleep [4]71'", { check: false })).stdout).toBe("");
    expect([await current(), await profile()]).toEqual([good, good]);
    await expectNothingLeft();
  });

  test("failed units roll back, unless the node ignores them", async () => {
    const test =
      "systemd-run --quiet --unit=failing false; sleep 0.5; systemctl is-failed --quiet failing; exit 4";
    const { result } = await run("fails-a-unit", { test });
    expect(result.outcome).toBe("rolled-back");
    expect(result.problem?.message).toContain("failing.service");
    await foo.exec("systemctl reset-failed");
    const ignoring = await run("ignored", { test }, { ignoreFailingSystemdUnits: true });
    expect(ignoring.result.outcome).toBe("activated");
    await foo.exec("systemctl reset-failed");
    expect((await run("good", { boot: "touch /root/made-default" })).result.outcome).toBe("activated");
  });

  test("no confirmation: it goes back by itself, and later says so", async () => {
    const deployment = start("cut-off", { test: "ip link set host0 down" }, { successTimeout: 3 });
    await deployment.happened(({ type }) => type === "triggering-switcher");
    await poll("roll-back", 30_000, async () => ((await current()) === good ? undefined : true));
    await poll("roll-back", 30_000, async () => ((await current()) === good ? true : undefined));
    await foo.exec("systemctl restart systemd-networkd; ip link set host0 up");
    const report = await deployment.done;
    expect(report.nodes[0]).toMatchObject({ outcome: "rolled-back" });
    expect(report.nodes[0]!.problem?.message).toContain("no confirmation");
    await expectNothingLeft();
  });

  test("SIGKILL of the switcher: the watchdog rolls back", async () => {
    const deployment = start("killed", { test: "sleep 3" }, { switchTimeout: 30 });
    await deployment.happened((event) => event.type === "output" && event.line === "activating killed");
    await foo.exec("systemctl kill --kill-whom=main --signal=KILL 'nixus-switch-*.service'");
    const report = await deployment.done;
    expect(report.nodes[0]).toMatchObject({ outcome: "rolled-back" });
    expect(report.nodes[0]!.problem?.message).toContain("killed");
    expect([await current(), await profile()]).toEqual([good, good]);
    await expectNothingLeft();
  });

  test("two deployers: the second one is told who has the machine", async () => {
    const first = start("slow", { test: "sleep 2" });
    await first.happened((event) => event.type === "output");
    const second = await run("other", {});
    expect(second.result).toMatchObject({ outcome: "failed", problem: { step: "connect" } });
    expect(second.result.problem?.message).toMatch(/another deployment .* by \S+@\S+ since 20\S+/);
    expect(second.events.some(({ type }) => type === "copying-closure")).toBe(false);
    expect((await first.done).ok).toBe(true);
    expect((await run("good", { boot: "touch /root/made-default" })).ok).toBe(true);
  });

  test("a lock that a power cut left is taken over", async () => {
    const deployment = start("cut", { test: "sleep 20" }, { switchTimeout: 60 });
    await deployment.happened((event) => event.type === "output" && event.line === "activating cut");
    await foo.powerCut();
    await foo.powerOn();
    await foo.waitForSsh();
    const report = await deployment.done;
    expect(report.nodes[0]).toMatchObject({ outcome: "rolled-back" });
    expect(report.nodes[0]!.problem?.message).toContain("restarted");
    // Without asking, too: here the deployer is gone.
    const lost = start("cut-again", { test: "sleep 20" }, { switchTimeout: 60 });
    await lost.happened((event) => event.type === "output" && event.line === "activating again");
    lost.stop.abort();
    expect((await lost.done).nodes[0]).toMatchObject({ outcome: "unknown" });
    await foo.powerCut();
    await foo.powerOn();
    await foo.waitForSsh();
    const next = await run("good", { boot: "touch /root/made-default" });
    expect(next.result.outcome).toBe("activated");
    expect(next.events).toContainEqual(expect.objectContaining({ type: "warning" }));
    expect(
      (await history()).filter((line) => line.includes("-cut\t") || line.includes("-again\t")),
    ).toHaveLength(2);
    await expectNothingLeft();
  });

  test("a deployment whose owner and watchdog are gone is brought to its end by the next one", async () => {
    const lost = start("orphan", { test: "sleep 30" }, { switchTimeout: 60 });
    await lost.happened((event) => event.type === "output" && event.line === "activating orphan");
    lost.stop.abort();
    await lost.done;
    await foo.exec(
      "systemctl stop 'nixus-watchdog-*.timer'; systemctl kill --signal=KILL 'nixus-switch-*.service'",
    );
    const next = await run("next-fails", { test: "exit 1" });
    expect(next.result.outcome).toBe("failed");
    expect(next.result.problem?.message).toContain("activating");
    await foo.exec("while [ -e /var/lib/nixus/deployment ]; do sleep 0.2; done");
    expect([await current(), await profile()]).toEqual([good, good]);
    expect((await history()).at(-1)).toContain("outcome=rolled-back");
    await expectNothingLeft();
  });

  test("a failed commit is undone", async () => {
    const { result } = await run("no-default", { boot: "exit 1" });
    expect(result.outcome).toBe("rolled-back");
    expect(result.problem?.message).toContain("boot default");
    expect([await current(), await profile()]).toEqual([good, good]);
    await expectNothingLeft();
  });

  test("a roll-back whose activation fails ends in a reboot", async () => {
    const boots = foo.bootCount;
    const first = await run("one-way", { test: "test ! -e /root/once || exit 1; touch /root/once" });
    expect(first.result.outcome).toBe("activated");
    const { result } = await run("bad", { test: "exit 1" });
    expect(result.outcome).toBe("rolled-back");
    expect(result.problem?.message).toContain("the activation of the previous system failed");
    expect(foo.bootCount).toBe(boots + 1);
    await foo.waitForSsh();
    await expectNothingLeft();
    // It can't be gone back to, so the tests after this one begin from another.
    await foo.exec("rm /root/once");
    expect((await run("good", { boot: "touch /root/made-default" })).ok).toBe(true);
  });

  test("an sshd that the new system stopped is started again, without a reboot", async () => {
    const boots = foo.bootCount;
    const { result } = await run("no-sshd", { test: "systemctl stop ssh.service" }, { successTimeout: 3 });
    expect(result.outcome).toBe("rolled-back");
    expect(foo.bootCount).toBe(boots);
    await foo.waitForSsh();
    await expectNothingLeft();
  });

  test("what an activation does to systemd does not end the switcher or its watchdog", async () => {
    const harsh =
      "systemctl daemon-reexec; systemctl isolate multi-user.target; systemctl stop timers.target";
    const { result } = await run("harsh", { test: harsh }, { switchTimeout: 20 });
    expect(result.outcome).toBe("activated");
    await foo.exec("systemctl start timers.target");
    await expectNothingLeft();
  });

  describe("packages of the distribution", () => {
    /** Wants its service to be started. */
    const greeter = {
      name: "greeter",
      contents: `mkdir -p lib/systemd/system
        printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >lib/systemd/system/greeter.service`,
      postinst: "systemctl daemon-reload; deb-systemd-invoke start greeter.service",
    };

    test("one that can't be had ends the deployment before the switch", async () => {
      await offerPackages(foo, [greeter]);
      const before = await current();
      const { result, events } = await run("needs-nothing", {}, { packages: ["no-such-package"] });
      expect(result).toMatchObject({ outcome: "failed", problem: { step: "copy" } });
      expect(result.problem?.message).toContain("no-such-package");
      expect(result.output.join("\n")).toContain("Unable to locate package");
      expect(events.some(({ type }) => type === "triggering-switcher")).toBe(false);
      expect(await current()).toBe(before);
      await expectNothingLeft();
    });

    test("one is installed before the switch, and its services are not started", async () => {
      const { result, events } = await run("greets", { test: "dpkg -s greeter" }, { packages: ["greeter"] });
      expect(result.outcome).toBe("activated");
      expect(events).toContainEqual(
        expect.objectContaining({ type: "installing-packages", packages: ["greeter"] }),
      );
      const service = await foo.exec("systemctl is-active greeter; ls /usr/sbin/policy-rc.d", {
        check: false,
      });
      expect(service.stdout).toBe("inactive\n");
      expect(
        (await run("greets", { test: "dpkg -s greeter" }, { packages: ["greeter"] })).result.outcome,
      ).toBe("unchanged");
    });
  });

  describe("a user who is not root", () => {
    const user = { host: `deployer@${name}` };

    test("needs a way to become root, and is told so", async () => {
      await foo.exec(`
        useradd --create-home --shell /bin/sh deployer
        install -d -o deployer -m 700 /home/deployer/.ssh
        install -o deployer -m 600 /root/.ssh/authorized_keys /home/deployer/.ssh/authorized_keys
      `);
      const { result } = await run("by-user", {}, user);
      expect(result).toMatchObject({ outcome: "failed", problem: { step: "connect" } });
      expect(result.problem?.message).toContain("NOPASSWD");
    });

    test("deploys with sudo, which is never asked for a password", async () => {
      await foo.exec("echo 'deployer ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deployer");
      const { result } = await run("by-user", {}, user);
      expect(result).toMatchObject({ outcome: "activated", problem: null });
      await expectNothingLeft();
    });
  });
});
