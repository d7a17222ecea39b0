import { afterEach, describe, expect, test } from "vitest";
import { type DeploymentOptions, deploy } from "../../src/deploy/deploy.ts";
import { defaultTiming } from "../../src/deploy/steps/switch.ts";
import type { Event } from "../../src/events/event.ts";
import type { EvaluatedNetwork } from "../../src/fleet/evaluated.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { breaks, fitFacts, machine, says, startsAndWaits } from "./rig/fake-machine.ts";
import { FakeSsh, type SshCall } from "./rig/fake-ssh.ts";
import { trivialNetwork } from "./trivial-system.ts";

/** The fake says nothing every second, so silence means nothing unless a test says so. */
const timing = { ...defaultTiming, silence: 60_000, firstRetry: 5, longestRetry: 20, refusedRetry: 20 };
const network = trivialNetwork("new", {}, { name: "foo", host: "root@foo.example.com" });
const [node] = network.nodes as [EvaluatedNetwork["nodes"][0]];

let ssh: FakeSsh | undefined;
afterEach(() => ssh?.stop());

async function run(answer: (call: SshCall) => void, options: Partial<DeploymentOptions> = {}, of = network) {
  ssh = await FakeSsh.start(answer);
  const events: Event[] = [];
  const report = await deploy(of, { timing, ...options }, (event) => events.push(event));
  return { report, events, result: report.nodes[0]!, ssh, types: events.map(({ type }) => type) };
}

/** Answers of one question, one call after the other; the last one is given to all later calls too. */
function inTurn(...answers: ((call: SshCall) => void)[]): (call: SshCall) => void {
  let turn = 0;
  return (call) => answers[Math.min(turn++, answers.length - 1)]?.(call);
}

describe("a deployment that goes well", () => {
  test("sends what is missing, switches, and confirms over a connection of its own", async () => {
    const { report, types, ssh, events } = await run(
      machine({ start: startsAndWaits, confirm: says("nixus state committing", "nixus result activated ") }),
    );
    expect(report).toMatchObject({
      ok: true,
      nodes: [{ outcome: "activated", problem: null, output: ["setting up"] }],
    });
    expect(types).toEqual([
      ...["connecting", "copying-closure", "copying-paths", "copying-path", "copying-path", "copying-path"],
      ...["triggering-switcher", "output", "confirming", "finished", "summary"],
    ]);
    expect(events).toContainEqual(expect.objectContaining({ type: "copying-paths", count: 3 }));
    const confirm = ssh.calls.find(({ question }) => question?.[0] === "confirm");
    expect(confirm).toMatchObject({ fresh: true });
    const others = ssh.calls.filter(({ question }) => question?.[0] !== "confirm");
    expect(others.every(({ fresh, args }) => !fresh && args.includes("ControlMaster=auto"))).toBe(true);
    const [, id, system, previous, ...rest] = others.at(-1)!.question!;
    expect([system, previous]).toEqual([node.toplevel, fitFacts["currentSystem"]]);
    expect(rest.slice(0, 3)).toEqual(["5", "8", "0"]);
    expect(id).toMatch(/^\d{14}-[0-9a-f]{8}-0$/);
  });

  test("sends as many store objects as there are: no command line is too long for them", async () => {
    const store = new VirtualStore();
    const paths = Array.from({ length: 2000 }, (_, number) =>
      store.addText(`object-${number}`, Buffer.from("x"), []),
    );
    const objects = [...network.objects, ...store.closure(paths)];
    const many = {
      ...network,
      objects,
      nodes: [{ ...node, closure: objects.map(({ path }) => path) }],
    };
    const answers = { start: startsAndWaits, confirm: says("nixus result activated ") };
    const { report, ssh } = await run(machine(answers), {}, many);
    expect(report.nodes[0]).toMatchObject({ outcome: "activated", problem: null });
    expect(ssh.calls.filter(({ script }) => script.includes("nix-store --import"))).toHaveLength(1);
  });

  test("does not touch a machine that has the system already", async () => {
    const facts = { ...fitFacts, currentSystem: node.toplevel, profile: node.toplevel };
    const { report, types, ssh } = await run(machine({}, facts));
    expect(report).toMatchObject({ ok: true, nodes: [{ outcome: "unchanged" }] });
    expect(types).toEqual(["connecting", "finished", "summary"]);
    expect(ssh.calls).toHaveLength(1);
  });

  test("does not make up for a node that could not be evaluated: that one has failed", async () => {
    const facts = { ...fitFacts, currentSystem: node.toplevel, profile: node.toplevel };
    const failures = [{ node: "bad", host: "root@bad.example.com", message: "error: no such option" }];
    const { report, events } = await run(machine({}, facts), {}, { ...network, failures });
    expect(report.ok).toBe(false);
    expect(report.nodes.map(({ node, outcome }) => [node, outcome])).toEqual([
      ["bad", "failed"],
      ["foo", "unchanged"],
    ]);
    expect(events[0]).toMatchObject({ type: "problem", host: "bad.example.com", step: "evaluate" });
  });

  test("nodes without a host are left out", async () => {
    const hostless = { ...network, nodes: [{ ...node, host: null }] };
    expect((await run(machine({}), {}, hostless)).report).toEqual({ nodes: [], ok: true });
  });
});

describe("two nodes that are one machine", () => {
  const two = (other: Partial<typeof node>) => ({
    ...network,
    nodes: [node, { ...node, name: "bar", ...other }],
  });

  test("are both refused where they have one host", async () => {
    const { report, ssh } = await run(machine({}), {}, two({}));
    expect(report.nodes.map(({ outcome, problem }) => [outcome, problem?.message])).toEqual([
      ["failed", expect.stringMatching(/^'bar' has the same host, root@foo\.example\.com; give each/)],
      ["failed", expect.stringMatching(/^'foo' has the same host/)],
    ]);
    expect(ssh.calls).toEqual([]);
  });

  test("are two machines where ssh is told to reach them in other ways", async () => {
    const facts = { ...fitFacts, currentSystem: node.toplevel, profile: node.toplevel };
    const { report } = await run(machine({}, facts), {}, two({ sshOptions: { Port: "2222" } }));
    expect(report).toMatchObject({ ok: true, nodes: [{ outcome: "unchanged" }, { outcome: "unchanged" }] });
  });

  const ofFoo = (call: SshCall) => call.args.includes("root@foo.example.com");
  const itIsFoo = expect.stringMatching(/^it is the machine of 'foo', which is deployed as well; give each/);

  test("the second one finds the first one's record", async () => {
    let id = "";
    const { report } = await run(
      (call) => {
        id ||= call.question?.[1] ?? "";
        const facts = { ...fitFacts, lastDeployment: `version=1\tid=${id}\toutcome=activated` };
        const answers = { start: startsAndWaits, confirm: says("nixus result activated ") };
        machine(answers, ofFoo(call) ? fitFacts : facts)(call);
      },
      { parallel: 1 },
      two({ host: "root@192.0.2.1" }),
    );
    expect(report.nodes).toMatchObject([
      { outcome: "activated" },
      { outcome: "failed", problem: { step: "connect", message: itIsFoo } },
    ]);
  });

  test.each([false, true])("the second one finds the first one at work, and waits: %s", async (wait) => {
    let id = "";
    let release: (() => void) | undefined;
    const { report } = await run(
      machine({
        start: (call) => {
          if (ofFoo(call)) {
            id = call.question![1]!;
            startsAndWaits(call);
            release?.();
            return;
          }
          const busy = () => says(`nixus busy id=${id} since=60 state=waiting by=me@laptop`)(call);
          if (id === "") release = busy;
          else busy();
        },
        confirm: says("nixus result activated "),
      }),
      { wait },
      two({ host: "root@192.0.2.1" }),
    );
    expect(report.nodes).toMatchObject([
      { outcome: "activated" },
      { outcome: "failed", problem: { step: "switch", message: itIsFoo } },
    ]);
  });
});

describe("a machine that can't be reached", () => {
  test.each([
    ["ssh: Could not resolve hostname foo.example.com: Name or service not known", "does not resolve"],
    ["ssh: connect to host foo.example.com port 22: Connection refused", "refuses connections"],
    ["ssh: connect to host foo.example.com port 22: Connection timed out", "does not answer"],
    [
      "No ED25519 host key is known for foo.example.com and you have requested strict checking.\nHost key verification failed.",
      "ssh root@foo.example.com",
    ],
    ["root@foo.example.com: Permission denied (publickey,password).", "ssh-add -l"],
  ])("%s", async (complaint, advice) => {
    const { report, result, types } = await run(breaks(`${complaint}\n`));
    expect(report.ok).toBe(false);
    expect(result).toMatchObject({ outcome: "failed", problem: { step: "connect" } });
    expect(result.problem?.message).toContain(advice);
    expect(types).toEqual(["connecting", "problem", "finished", "summary"]);
  });

  test("a changed host key is said loudly", async () => {
    const complaint = [
      "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
      "SHA256:abc+/=.",
      "Offending ED25519 key in /home/me/.ssh/known_hosts:3",
      "Host key verification failed.",
    ].join("\n");
    const { result } = await run(breaks(complaint));
    expect(result.problem?.message).toMatch(/HOST KEY OF foo\.example\.com HAS CHANGED[\s\S]*known_hosts:3/);
  });

  test("one does not keep the others from being deployed", async () => {
    const both = {
      ...network,
      nodes: [{ ...node, name: "bad", host: "bad" }, node],
    };
    const good = machine({ start: startsAndWaits, confirm: says("nixus result activated ") });
    const bad = breaks("ssh: connect to host bad port 22: No route to host\n");
    const { report } = await run((call) => (call.args.includes("bad") ? bad(call) : good(call)), {}, both);
    expect(report.nodes.map(({ outcome }) => outcome)).toEqual(["failed", "activated"]);
    expect(report.ok).toBe(false);
  });
});

describe("a machine that is not fit", () => {
  test.each<[string, Record<string, string>, string]>([
    ["no Nix", { nixVersion: "" }, "Nix is not on the machine"],
    ["another processor", { machine: "aarch64" }, "its processor is aarch64"],
    ["a full disk", { freeStore: "1000000" }, "make room"],
    [
      "a deployment under way",
      { lockId: "x", lockBy: "me@laptop", lockSince: "1", lockLive: "1" },
      "by me@laptop since 1970-01-01T00:00:01Z",
    ],
  ])("%s", async (_name, facts, message) => {
    const { result, ssh } = await run(machine({}, { ...fitFacts, ...facts }));
    expect(result).toMatchObject({ outcome: "failed" });
    expect(result.problem?.message).toContain(message);
    expect(ssh.calls).toHaveLength(1);
  });

  test.each([
    ["sudo: a password is required", "NOPASSWD"],
    ["me is not in the sudoers file.", "may not become root"],
    ["sh: 5: exec: sudo: not found", "there is no sudo"],
  ])("%s", async (complaint, advice) => {
    const { result } = await run((call) => {
      call.complain(`${complaint}\n`);
      call.exit(1);
    });
    expect(result.problem?.message).toContain(advice);
  });

  test("the import fails: nothing is switched, the protection from the garbage collector goes", async () => {
    const usual = machine({});
    const { result, ssh } = await run((call) => {
      if (!call.script.includes("nix-store --import")) return usual(call);
      void call.input.then(() => {
        call.complain("error: writing to file: No space left on device\n");
        call.exit(74);
      });
    });
    expect(result).toMatchObject({ outcome: "failed", problem: { step: "copy" } });
    expect(result.problem?.message).toContain("disk is full");
    expect(ssh.questions).toEqual([]);
    expect(ssh.calls.at(-1)?.script).toContain("Removes the protection");
  });
});

describe("answers that are lost", () => {
  const lost = breaks("client_loop: send disconnect: Broken pipe\n");

  test("the confirmation's answer: it is asked again before anything is reported", async () => {
    const confirm = inTurn((call) => {
      call.say("nixus state committing");
      lost(call);
    }, lost);
    const start = (call: SshCall) => {
      startsAndWaits(call);
      lost(call);
    };
    const result = inTurn(says("nixus state committing"), lost, says("nixus result activated "));
    const { report, ssh: fake } = await run(machine({ start, confirm, result }));
    expect(report.ok).toBe(true);
    expect(fake.questions.filter((name) => name === "result").length).toBeGreaterThanOrEqual(3);
  });

  test("the machine can't be reached any more, then it has rolled back: that is what is reported", async () => {
    const refused = breaks("ssh: connect to host foo.example.com port 22: Connection timed out\n");
    const confirm = inTurn(
      refused,
      refused,
      refused,
      says("nixus result rolled-back no confirmation within 8 s"),
    );
    const { result, types } = await run(machine({ start: startsAndWaits, confirm }));
    expect(result).toMatchObject({
      outcome: "rolled-back",
      problem: { step: "confirm", message: "no confirmation within 8 s" },
    });
    expect(types.filter((type) => type === "confirming")).toHaveLength(1);
  });

  test("the trigger's, before it said a word: it is withdrawn, and that is a failure without a change", async () => {
    const { result, ssh } = await run(machine({ start: lost, withdraw: inTurn(lost, says("nixus none")) }));
    expect(result).toMatchObject({ outcome: "failed", problem: { step: "switch" } });
    expect(result.problem?.message).toContain("could not be started");
    expect(ssh.questions).toEqual(["start", "withdraw", "withdraw"]);
  });

  test("the trigger's, but it had begun: it is confirmed all the same, after the state was asked for", async () => {
    const withdraw = says("nixus state activating");
    const result = inTurn(says("nixus state activating"), says("nixus output hello", "nixus state waiting"));
    const confirm = says("nixus result activated ");
    const { report, ssh, types } = await run(machine({ start: lost, withdraw, result, confirm }));
    expect(report.nodes[0]).toMatchObject({ outcome: "activated", output: ["hello"] });
    expect(ssh.questions).toEqual(["start", "withdraw", "result", "result", "confirm"]);
    expect(types.indexOf("output")).toBeLessThan(types.indexOf("confirming"));
  });

  test("a connection that is silent counts as dead, and is replaced", async () => {
    const start = (call: SshCall) => call.say("nixus started x", "nixus state activating");
    const result = inTurn(says("nixus state activating"), says("nixus state waiting"));
    const confirm = says("nixus result activated ");
    const { report } = await run(machine({ start, result, confirm }), {
      timing: { ...timing, silence: 200 },
    });
    expect(report.ok).toBe(true);
  });

  test("for ever: the outcome is unknown, and says what to do", async () => {
    const short = trivialNetwork(
      "new",
      {},
      { name: "foo", host: "foo", switchTimeout: 0, successTimeout: 0 },
    );
    const impatient = { ...timing, restart: 100, margin: 100 };
    const answer = machine({ start: startsAndWaits, confirm: lost });
    const { result, report } = await run(answer, { timing: impatient }, short);
    expect(result).toMatchObject({ outcome: "unknown", problem: { step: "confirm" } });
    expect(result.problem?.message).toMatch(/does not say how it ended .*deploy again/);
    expect(report.ok).toBe(false);
  });

  test("output is reported once, whichever connection brings it", async () => {
    const confirm = (call: SshCall) => {
      expect(call.question?.[2]).toBe("1");
      says("nixus output committing", "nixus result activated ")(call);
    };
    const { result } = await run(machine({ start: startsAndWaits, confirm }));
    expect(result.output).toEqual(["setting up", "committing"]);
  });
});

describe("what the switcher refuses", () => {
  test.each([
    [
      "nixus busy id=a since=60 state=waiting by=me@laptop",
      "by me@laptop since 1970-01-01T00:01:00Z, state waiting",
    ],
    ["nixus changed /nix/store/x", "was switched to another system meanwhile"],
    ["nixus refused the disk is full", "the switcher refused: the disk is full"],
  ])("%s", async (line, message) => {
    const { result } = await run(machine({ start: says(line) }));
    expect(result).toMatchObject({ outcome: "failed", problem: { step: "switch" } });
    expect(result.problem?.message).toContain(message);
  });

  test("a switch that fails before it changed anything is no roll-back", async () => {
    const start = says("nixus started x", "nixus state preparing", "nixus result failed no timer");
    const { result } = await run(machine({ start }));
    expect(result).toMatchObject({ outcome: "failed", problem: { message: "no timer" } });
  });
});

describe("an interruption", () => {
  test("before the switch: none is begun", async () => {
    const stop = new AbortController();
    const usual = machine({});
    const { result, ssh } = await run(
      (call) => {
        if (call.script.includes("nix-store --import")) stop.abort(new Error("interrupted by SIGINT"));
        else usual(call);
      },
      { signal: stop.signal },
    );
    expect(result).toMatchObject({
      outcome: "failed",
      problem: { message: "interrupted before the switch" },
    });
    expect(ssh.questions).toEqual([]);
  });

  test("during the switch: it is left to the switcher, never confirmed, and reported", async () => {
    const stop = new AbortController();
    const start = (call: SshCall) => {
      call.say("nixus started x", "nixus state activating");
      stop.abort();
    };
    const { result, ssh, report } = await run(machine({ start }), { signal: stop.signal });
    expect(result).toMatchObject({ outcome: "unknown" });
    expect(result.problem?.message).toContain("goes back to its previous system by itself");
    expect(ssh.questions).toEqual(["start"]);
    expect(report.ok).toBe(false);
  });

  test("nodes that wait for their turn are not even connected to", async () => {
    const stop = new AbortController();
    const many = { ...network, nodes: ["a", "b", "c"].map((name) => ({ ...node, name, host: name })) };
    const { report, ssh } = await run(() => stop.abort(), { signal: stop.signal, parallel: 1 }, many);
    expect(report.nodes.map(({ outcome }) => outcome)).toEqual(["failed", "failed", "failed"]);
    expect(ssh.calls).toHaveLength(1);
  });
});
