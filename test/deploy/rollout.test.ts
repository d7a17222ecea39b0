/** Rollouts against machines behind the fake ssh: order, batches, atomic groups, what happens when some can't be had. */
import { afterEach, describe, expect, test } from "vitest";
import { type DeploymentOptions, deploy } from "../../src/deploy/deploy.ts";
import { defaultTiming } from "../../src/deploy/steps/switch.ts";
import type { Event } from "../../src/events/event.ts";
import type { DeployPhase } from "../../src/fleet/settings.ts";
import { breaks, fitFacts, machine, says } from "./rig/fake-machine.ts";
import { FakeSsh, type SshCall } from "./rig/fake-ssh.ts";
import { type TestNode, trivialNetwork } from "./trivial-system.ts";

const timing = {
  ...{ ...defaultTiming, silence: 60_000, firstRetry: 5, longestRetry: 20, refusedRetry: 20 },
  ...{ lockRetry: 5, unreachableRetries: [5, 5, 5] },
};
const template = trivialNetwork("new", {}, { name: "foo", host: "foo" });
const old = fitFacts["currentSystem"]!;

function networkOf(...nodes: (Partial<TestNode> & { name: string })[]) {
  return {
    ...template,
    nodes: nodes.map((node) => ({ ...template.nodes[0]!, host: node.name, successTimeout: 1, ...node })),
  };
}

let ssh: FakeSsh | undefined;
afterEach(async () => {
  await ssh?.stop();
  ssh = undefined;
});

/** Which machine a call goes to. */
const hostOf = (call: SshCall): string => call.args[call.args.indexOf("--") + 1]!;

type Answer = (call: SshCall) => void;
const waits: Answer = (call) => call.say("nixus started x", "nixus state waiting");
const good = (): Answer =>
  machine({
    start: waits,
    hold: says("nixus state waiting"),
    confirm: says("nixus result activated "),
    reject: (call) => says(`nixus result rolled-back ${call.question?.slice(2).join(" ")}`)(call),
  });
const bad = machine({ start: says("nixus started x", "nixus result rolled-back units failed: x") });
const away = breaks("ssh: connect to host x port 22: No route to host\n");

async function run(
  network: ReturnType<typeof networkOf>,
  machines: Record<string, Answer>,
  options: DeploymentOptions = {},
) {
  const usual = good();
  ssh = await FakeSsh.start((call) => (machines[hostOf(call)] ?? usual)(call));
  const events: Event[] = [];
  const report = await deploy(network, { timing, ...options }, (event) => events.push(event));
  const outcomes = Object.fromEntries(report.nodes.map(({ node, outcome }) => [node, outcome]));
  const problems = Object.fromEntries(
    report.nodes.map(({ node, problem }) => [node, problem?.message ?? null]),
  );
  const begun = events.flatMap((event) => (event.type === "connecting" ? [event.node] : []));
  return { report, events, outcomes, problems, begun, ssh };
}

const named = (...names: string[]) => networkOf(...names.map((name) => ({ name })));

describe("batches", () => {
  test("one after the other, with a pause; the first failure stops them", async () => {
    const { outcomes, begun, events, report } = await run(
      named("a", "b", "c", "d", "e"),
      { c: bad },
      { batch: { type: "count", count: 2 }, pause: 10 },
    );
    expect(outcomes).toEqual({
      a: "activated",
      b: "activated",
      c: "rolled-back",
      d: "activated",
      e: "skipped",
    });
    expect(begun).not.toContain("e");
    const order = events.flatMap((event) => {
      if (event.type === "batch") return [event.nodes.join("+")];
      return event.type === "finished" || event.type === "pause" ? [event.type] : [];
    });
    expect(order).toEqual([
      ...["a+b", "finished", "finished", "pause", "c+d", "finished", "finished"],
      ...["e", "finished"],
    ]);
    expect(report.ok).toBe(false);
    expect(events.at(-1)).toMatchObject({ outcomes: { activated: 3, "rolled-back": 1, skipped: 1 } });
  });

  test("--max-failures lets some pass; canaries come first", async () => {
    const two = await run(
      named("a", "b", "c"),
      { a: bad },
      { batch: { type: "count", count: 1 }, maxFailures: 1 },
    );
    expect(two.outcomes).toEqual({ a: "rolled-back", b: "activated", c: "activated" });
    await ssh?.stop();
    const canary = await run(named("a", "b", "c"), { c: bad }, { canaries: ["c"] });
    expect(canary.outcomes).toEqual({ a: "skipped", b: "skipped", c: "rolled-back" });
    expect(canary.problems["a"]).toBe("the canary 'c' failed, so that no other machine was begun");
  });

  test("no more at the same time than are allowed", async () => {
    let [now, most] = [0, 0];
    const first: SshCall[] = [];
    const counted: Answer = (call) => {
      const usual = good();
      if (call.question?.[0] === "confirm") now -= 1;
      if (call.question?.[0] !== "start") {
        usual(call);
        return;
      }
      now += 1;
      most = Math.max(most, now);
      // The first one goes on when there is a second.
      first.push(call);
      if (most > 1) for (const held of first.splice(0)) usual(held);
    };
    const names = ["a", "b", "c", "d", "e", "f"];
    const { report } = await run(named(...names), Object.fromEntries(names.map((name) => [name, counted])), {
      parallel: 2,
    });
    expect(report.ok).toBe(true);
    expect(most).toBe(2);
  });
});

describe("after", () => {
  test("a node is begun when those before it are done, and not at all when they failed", async () => {
    const network = networkOf(
      { name: "web", after: ["db"] },
      { name: "db" },
      { name: "x", after: ["y"] },
      { name: "y" },
    );
    const { outcomes, events, problems } = await run(network, { y: away });
    expect(outcomes).toEqual({ web: "activated", db: "activated", x: "skipped", y: "failed" });
    expect(problems["x"]).toBe("it comes after 'y', which is not on its new system");
    const index = (type: string, node: string) =>
      events.findIndex((event) => event.type === type && "node" in event && event.node === node);
    expect(index("connecting", "web")).toBeGreaterThan(index("finished", "db"));
  });

  test("an order that is impossible is said before anything is done", async () => {
    const network = networkOf({ name: "a", after: ["b"] }, { name: "b", after: ["a"] });
    await expect(run(network, {})).rejects.toThrow("'a' comes after 'b', 'b' comes after 'a'");
    expect(ssh?.calls).toEqual([]);
  });
});

describe("atomic groups", () => {
  const group = (...names: string[]) => networkOf(...names.map((name) => ({ name, atomicGroup: "g" })));

  test("the word is given when all wait for it", async () => {
    const words: string[] = [];
    const reached = new Set<string>();
    const watched: Answer = (call) => {
      const question = call.question?.[0];
      if (question === "hold") reached.add(hostOf(call));
      if (question === "confirm") words.push(`${hostOf(call)} after ${reached.size}`);
      good()(call);
    };
    const { outcomes } = await run(
      group("a", "b", "c"),
      { a: watched, b: watched, c: watched },
      { parallel: 1 },
    );
    expect(outcomes).toEqual({ a: "activated", b: "activated", c: "activated" });
    expect(words.sort()).toEqual(["a after 3", "b after 3", "c after 3"]);
  });

  test("one whose activation fails makes all roll back", async () => {
    const { outcomes, problems, ssh } = await run(group("a", "b", "c"), { b: bad });
    expect(outcomes).toEqual({ a: "rolled-back", b: "rolled-back", c: "rolled-back" });
    expect(problems["a"]).toContain("'b', which is in the same atomic group 'g', failed: units failed: x");
    expect(ssh.questions).not.toContain("confirm");
  });

  test("one that can't be reached keeps all from being switched", async () => {
    const { outcomes, ssh } = await run(group("a", "b"), { b: away });
    expect(outcomes).toEqual({ a: "failed", b: "failed" });
    expect(ssh.questions).toEqual([]);
  });

  test("one that has nothing to do does not keep the others waiting", async () => {
    const facts = {
      ...fitFacts,
      currentSystem: template.nodes[0]!.toplevel,
      profile: template.nodes[0]!.toplevel,
    };
    const { outcomes } = await run(group("a", "b"), { b: machine({}, facts) });
    expect(outcomes).toEqual({ a: "activated", b: "unchanged" });
  });

  test("one that fails after the word: those that were committed are put back", async () => {
    const late = machine({
      start: waits,
      hold: says("nixus state waiting"),
      confirm: says("nixus result rolled-back the profile could not be set"),
    });
    const { outcomes, problems, ssh } = await run(group("a", "b"), { b: late });
    expect(outcomes).toEqual({ a: "rolled-back", b: "rolled-back" });
    expect(problems["a"]).toContain("'b', which is in the same atomic group 'g', is not on its new system");
    const undo = ssh.calls
      .map(({ question }) => question)
      .find((question) => question?.[1]?.endsWith("-undo"));
    expect(undo?.slice(2, 4)).toEqual([old, template.nodes[0]!.toplevel]);
  });

  describe("one that can't be put back, as somebody else has it by then", () => {
    const late = machine({
      start: waits,
      hold: says("nixus state waiting"),
      confirm: says("nixus result rolled-back the profile could not be set"),
    });
    /** Busy for the first `times` tries to put it back. */
    const taken = (times: number): Answer => {
      const usual = good();
      const busy = says("nixus busy id=a since=60 state=activating by=me@laptop");
      let undone = 0;
      return (call) =>
        call.question?.[1]?.endsWith("-undo") && ++undone <= times ? busy(call) : usual(call);
    };

    test("is on its new system, and it is said why", async () => {
      const { outcomes, problems, report } = await run(group("a", "b"), { a: taken(9), b: late });
      expect(outcomes).toEqual({ a: "activated", b: "rolled-back" });
      expect(problems["a"]).toMatch(
        /could not be put back to its previous system: another deployment .*me@laptop/,
      );
      expect(report.nodes[0]).toMatchObject({ ok: false, runs: null });
    });

    test("is put back after that with --wait", async () => {
      const { outcomes } = await run(group("a", "b"), { a: taken(2), b: late }, { wait: true });
      expect(outcomes).toEqual({ a: "rolled-back", b: "rolled-back" });
    });
  });
});

describe("machines that can't be reached", () => {
  test("fail, are passed over, or are tried again, as their nodes say", async () => {
    let tries = 0;
    const usual = good();
    const comesBack: Answer = (call) => {
      if (call.script.includes("nixus-facts") && ++tries < 3) away(call);
      else usual(call);
    };
    const network = networkOf(
      { name: "fails" },
      { name: "skips", whenUnreachable: "skip" },
      { name: "returns", whenUnreachable: "retry" },
      { name: "stays", whenUnreachable: "retry" },
    );
    const all = await run(
      network,
      { fails: away, skips: away, returns: comesBack, stays: away },
      { parallel: 1 },
    );
    expect(all.outcomes).toEqual({
      fails: "failed",
      skips: "skipped",
      returns: "activated",
      stays: "failed",
    });
    expect(all.report.ok).toBe(false);
    await ssh?.stop();
    const passed = await run(networkOf({ name: "skips", whenUnreachable: "skip" }), { skips: away });
    expect(passed.report).toMatchObject({ ok: true, nodes: [{ outcome: "skipped" }] });
  });

  test("one that does not let us in is not passed over", async () => {
    const refuses = breaks("root@x: Permission denied (publickey).\n");
    const { outcomes } = await run(networkOf({ name: "x", whenUnreachable: "skip" }), { x: refuses });
    expect(outcomes).toEqual({ x: "failed" });
  });
});

test("a machine whose answer never ends is given up", async () => {
  const hangs: Answer = (call) => call.say("nixus-facts=1");
  const { outcomes, problems } = await run(
    networkOf({ name: "a", whenUnreachable: "skip" }),
    { a: hangs },
    { timing: { ...timing, examination: 300 } },
  );
  expect(outcomes).toEqual({ a: "failed" });
  expect(problems["a"]).toContain("it did not answer within 1 s: something hangs there");
});

describe("other deployers", () => {
  const locked = { ...fitFacts, lockId: "x", lockBy: "me@laptop", lockSince: "60", lockLive: "1" };

  test("with --wait, their end is waited for", async () => {
    let looks = 0;
    const usual = good();
    const [busy, first] = [machine({}, locked), says("nixus busy id=a since=60 state=waiting by=me@laptop")];
    let starts = 0;
    const { outcomes, events } = await run(
      named("a"),
      {
        a: (call) => {
          if (call.script.includes("nixus-facts") && ++looks < 3) busy(call);
          else if (call.question?.[0] === "start" && ++starts === 1) first(call);
          else usual(call);
        },
      },
      { wait: true },
    );
    expect(outcomes).toEqual({ a: "activated" });
    expect(events.filter(({ type }) => type === "waiting-for-lock")).toMatchObject([
      { by: "me@laptop", since: 60 },
    ]);
    expect(starts).toBe(2);
  });

  test("what they have deployed is not overwritten unknowingly", async () => {
    const record = (system: string) =>
      `version=1\tid=x\tend=60\toutcome=activated\tsystem=${system}\tprevious=p\tby=ci@runner\tsince=50\treason=`;
    const theirs = (system: string, options: DeploymentOptions) => {
      const facts = { ...fitFacts, lastDeployment: record(system) };
      const answers = {
        start: waits,
        confirm: says("nixus result activated "),
      };
      return run(named("a"), { a: machine(answers, facts) }, options);
    };
    const lastSeen = new Map([["a", "/nix/store/x-seen"]]);
    const refused = await theirs(old, { lastSeen });
    expect(refused.outcomes).toEqual({ a: "failed" });
    expect(refused.problems["a"]).toBe(
      `the machine runs ${old}, which was deployed by ci@runner at 1970-01-01T00:01:00Z; when it was last seen from here it ran /nix/store/x-seen. To replace it all the same, deploy with --force`,
    );
    await ssh?.stop();
    expect((await theirs("other", { lastSeen })).problems["a"]).toContain("was not put there by Nixus");
    await ssh?.stop();
    expect((await theirs(old, { lastSeen, force: true })).outcomes).toEqual({ a: "activated" });
    await ssh?.stop();
    expect((await theirs(old, { lastSeen: new Map([["a", old]]) })).outcomes).toEqual({ a: "activated" });
    await ssh?.stop();
    expect((await theirs(old, {})).outcomes).toEqual({ a: "activated" });
  });
});

describe("phases of a node", () => {
  const phase = (name: string, script: string, before: string[], after: string[]): DeployPhase => ({
    ...{ name, script, before, after },
  });
  const withPhases = (...phases: DeployPhase[]) => ({
    ...networkOf({ name: "a", phases }),
    file: "/etc/network.nix",
  });

  test("run in their places, with the node in their environment", async () => {
    const { events, outcomes } = await run(
      withPhases(
        phase("first", "echo $NIXUS_NODE $NIXUS_HOST; pwd", ["connect"], []),
        phase("middle", "echo $NIXUS_SYSTEM", ["commit"], ["switch"]),
        phase("last", "true", [], ["commit"]),
      ),
      {},
    );
    expect(outcomes).toEqual({ a: "activated" });
    const told = events.flatMap((event) => {
      if (event.type === "phase") return [event.phase];
      return event.type === "connecting" || event.type === "confirming" ? [event.type] : [];
    });
    expect(told).toEqual(["first", "connecting", "confirming", "middle", "last"]);
    const output = events.flatMap((event) =>
      event.type === "output" && event.step === "phase" ? [event.line] : [],
    );
    expect(output).toEqual(["a a", "/etc", template.nodes[0]!.toplevel]);
  });

  test("one that leaves something running ends all the same, with all that it said", async () => {
    const script = "sleep 60 & echo $!; echo last; printf unfinished";
    const { events, outcomes } = await run(withPhases(phase("starts", script, ["switch"], [])), {});
    const [pid, ...rest] = events.flatMap((event) =>
      event.type === "output" && event.step === "phase" ? [event.line] : [],
    );
    process.kill(Number(pid), "SIGKILL");
    expect(outcomes).toEqual({ a: "activated" });
    expect(rest).toEqual(["last", "unfinished"]);
  });

  test("one that fails before the switch stops the node there", async () => {
    const { report, ssh } = await run(withPhases(phase("broken", "echo why; exit 3", ["switch"], [])), {});
    expect(report.nodes[0]).toMatchObject({
      ...{ outcome: "failed", output: ["why"], ok: false },
      problem: { step: "phase", message: "the phase 'broken' failed with exit status 3" },
    });
    expect(ssh.questions).toEqual([]);
    expect(ssh.calls.at(-1)?.script).toContain("Removes the protection");
  });

  test("one that fails before the word rolls back; one that fails after it does not, and is told", async () => {
    const between = await run(withPhases(phase("between", "exit 1", ["commit"], ["switch"])), {});
    expect(between.outcomes).toEqual({ a: "rolled-back" });
    expect(between.problems["a"]).toContain("the phase 'between' failed");
    await ssh?.stop();
    const after = await run(withPhases(phase("after", "exit 1", [], ["commit"])), {});
    expect(after.outcomes).toEqual({ a: "activated" });
    expect(after.report.ok).toBe(false);
    expect(after.problems["a"]).toContain("the machine is on its new system all the same");
  });
});
