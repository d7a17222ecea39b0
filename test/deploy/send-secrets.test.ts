import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import { defaultTiming } from "../../src/deploy/steps/switch.ts";
import { receiveSecretsScript } from "../../src/deploy/target/scripts.ts";
import type { Event } from "../../src/events/event.ts";
import type { EvaluatedSecret } from "../../src/fleet/evaluated.ts";
import { entryPath, secretEntry } from "../../src/fleet/modules/secrets/secret.ts";
import { parseFacts, secretQuestion } from "../../src/plan/facts.ts";
import { plan } from "../../src/plan/plan.ts";
import { narChunksSync, parseNar } from "../../src/store/nar.ts";
import type { TreeNode } from "../../src/store/tree.ts";
import { hasNix, scratchDirectory } from "../store/installed-nix.ts";
import { factsText, fitFacts, says, startsAndWaits } from "./rig/fake-machine.ts";
import { FakeSsh } from "./rig/fake-ssh.ts";
import { SwitcherHost } from "./rig/switcher-host.ts";
import { trivialNetwork } from "./trivial-system.ts";

function secret(name: string, change: Partial<EvaluatedSecret> = {}): EvaluatedSecret {
  const entry = secretEntry(name, "d".repeat(32), {
    place: "disk",
    user: "web",
    group: "root",
    mode: "0400",
  });
  return {
    ...{ name, entry, owner: { kind: "node", node: "foo", name }, source: { type: "file", path: "/x" } },
    ...{ digest: "d".repeat(32), pointer: `/nix/store/secret-${name}`, used: true, path: `/run/${name}` },
    ...{ binary: false, makesUser: false, makesGroup: true },
    ...change,
  };
}

const networkWith = (secrets: readonly EvaluatedSecret[]) =>
  trivialNetwork("new", {}, { name: "foo", host: "root@foo.example.com", secrets });

let ssh: FakeSsh | undefined;
afterEach(() => ssh?.stop());

/** Deploys to a machine that lacks the secrets; `exits` are how receiving them ends, one time after the other. */
async function deployed(
  secrets: readonly EvaluatedSecret[],
  contents: Record<string, Buffer>,
  ...exits: number[]
) {
  ssh = await FakeSsh.start((call) => {
    const question = call.question?.[0];
    if (question === "start") startsAndWaits(call);
    else if (question === "confirm") says("nixus result activated ")(call);
    else if (call.script.includes("nixus-facts")) {
      const missing = secrets.map(({ entry }) => `missingSecret=${secretQuestion(entry)}`);
      void call.input.then(() => {
        call.say(factsText(fitFacts).replace(/end=$/, [...missing, "end="].join("\n")));
        call.exit(0);
      });
    } else
      void call.input.then(() => call.exit((call.script.includes("secrets_count") && exits.shift()) || 0));
  });
  const events: Event[] = [];
  const options = {
    timing: { ...defaultTiming, silence: 60_000 },
    secrets: new Map(Object.entries(contents)),
  };
  const report = await deploy(networkWith(secrets), options, (event) => events.push(event));
  return { report, events, calls: ssh.calls };
}

describe("sending", () => {
  it("takes one session for all, over standard input and nothing else", async () => {
    const content = (): Buffer => Buffer.from(randomBytes(200).toString("hex"));
    const contents = { "foo/a": content(), "foo/b": content(), "foo/c": content() };
    const c = secret("c", { entry: { ...secret("c").entry, place: "memory" } });
    const unused = secret("unused", { used: false });
    const { report, events, calls } = await deployed([secret("a"), secret("b"), c, unused], contents);
    expect(report.ok).toBe(true);
    expect(events).toContainEqual(expect.objectContaining({ type: "sending-secrets", count: 3 }));
    const receiving = calls.filter(({ script }) => script.includes("secrets_count=3"));
    expect(receiving).toHaveLength(1);
    const tree = parseNar(await receiving[0]!.input);
    const files = (place: string) => {
      const directory = tree.type === "directory" ? tree.entries.get(place) : undefined;
      return directory?.type === "directory" ? [...directory.entries] : [];
    };
    expect(files("disk").map(([name]) => name)).toEqual([secret("a").entry.file, secret("b").entry.file]);
    expect(files("memory")).toEqual([
      [c.entry.file, expect.objectContaining({ contents: expect.anything(), executable: false })],
    ]);
    const told = JSON.stringify(events) + calls.map(({ args, script }) => args.join(" ") + script).join("\n");
    for (const text of Object.values(contents)) {
      expect(told).not.toContain(text.toString());
      expect(told).not.toContain(text.toString("base64").slice(0, 40));
    }
  });

  it("goes on after its connection was lost", async () => {
    const { report, calls } = await deployed([secret("a")], { "foo/a": Buffer.from("x") }, 255);
    expect(report.nodes[0]).toMatchObject({ outcome: "activated", problem: null });
    expect(calls.filter(({ script }) => script.includes("secrets_count=1"))).toHaveLength(2);
  });

  it("that fails leaves the machine as it was, and takes back what was sent", async () => {
    const { report, calls } = await deployed([secret("a")], { "foo/a": Buffer.from("x") }, 74);
    expect(report.nodes[0]).toMatchObject({ outcome: "failed", problem: { step: "secrets" } });
    expect(calls.some(({ question }) => question?.[0] === "start")).toBe(false);
    expect(calls.at(-1)?.script).toContain("wipe_pending");
  });
});

describe("a plan", () => {
  const [node] = networkWith([secret("a"), secret("b", { used: false })]).nodes;
  const wanted = {
    ...{ node: node!, switcher: "/nix/store/switcher", place: { type: "local" } as const },
    narSize: () => 1,
  };
  const running = { currentSystem: node!.toplevel, profile: node!.toplevel };
  const question = secretQuestion(secret("a").entry);
  const planned = (facts: object) =>
    plan(wanted, { ...parseFacts(factsText(fitFacts)), ...running, ...facts });

  it("sends a secret that a machine with this very system has lost, and activates that again", () => {
    expect(planned({})).toEqual({ type: "unchanged" });
    expect(planned({ missingSecrets: new Set([question]) })).toMatchObject({
      type: "deploy",
      steps: [
        { type: "secrets", secrets: [{ name: "a" }] },
        { type: "switch", system: node!.toplevel },
      ],
    });
  });

  it("refuses owners that neither the configuration nor the machine has", () => {
    const facts = { missingSecrets: new Set([question]), missingUsers: new Set(["web"]) };
    expect(planned(facts)).toMatchObject({
      type: "refuse",
      problem: expect.stringContaining("the secret 'foo/a' is for the user 'web', which neither"),
    });
  });
});

describe("at the end of a deployment", () => {
  const file = (name: string) => entryPath(secret(name).entry).slice(1);
  const manifest = (...names: string[]) =>
    `version 1\n${names.map((name) => `disk web root 0400 ${secret(name).entry.file} 0 /run/x - -\n`).join("")}`;

  async function end(outcome: "activated" | "rolled-back"): Promise<SwitcherHost> {
    const host = new SwitcherHost("/bin/sh");
    for (const name of ["old", "new", "stray"]) host.write(file(name), "content", 0o600);
    host.write("nix/store/old/nixus-secrets", manifest("old"));
    host.write("nix/store/new/nixus-secrets", manifest("new"));
    host.write("var/lib/nixus/secrets/pending/d1/late-file", "content", 0o600);
    host.write("var/lib/nixus/secrets/pending/d2/of-another", "content", 0o600);
    host.write("run/nixus/secrets/pending/d2/of-another", "content", 0o600);
    host.write("var/lib/nixus/secrets/pending/d3/from-before-a-reboot", "content", 0o600);
    if (outcome === "rolled-back") host.behaviour("new", "test", "exit 1");
    const started = host.start("d1", "new");
    if (outcome === "activated") {
      await host.reaches("d1", "waiting");
      await host.ask("confirm", "d1");
    }
    expect((await started).lines.at(-1)).toContain(`result ${outcome}`);
    return host;
  }

  it.each([
    // The old system is a generation of the profile still.
    ["activated" as const, ["new", "old"]],
    ["rolled-back" as const, ["old"]],
  ])("%s: what no kept generation refers to is gone", async (outcome, kept) => {
    const host = await end(outcome);
    const there = ["new", "old", "stray"].filter((name) => host.has(file(name)));
    expect(there).toEqual(kept);
    expect(host.list("var/lib/nixus/secrets/pending")).toEqual(["d2"]);
    expect(host.list("var/lib/nixus/secrets")).not.toContain("leaving");
    host.dispose();
  });

  it("everything that goes, goes, also where two owners have a file of one name", async () => {
    const host = new SwitcherHost("/bin/sh");
    const { file: name } = secret("old").entry;
    host.write("nix/store/new/nixus-secrets", manifest());
    host.write("nix/store/old/nixus-secrets", manifest());
    for (const owner of ["web+root+0400", "other+root+0400"]) {
      host.write(`var/lib/nixus/secrets/${owner}/${name}`, "content", 0o600);
    }
    // Of one that was interrupted in the middle of it, and of one whose receiver is gone.
    host.write("var/lib/nixus/secrets/leaving/web+root+0400/earlier", "content", 0o600);
    host.write("run/nixus/secrets/receiving-d0:4194305:1/all/disk/key", "content", 0o600);
    host.write("var/lib/nixus/secrets/receiving-d0:4194305:1/disk/key", "cont", 0o600);
    const started = host.start("d1", "new");
    await host.reaches("d1", "waiting");
    await host.ask("confirm", "d1");
    await started;
    expect(host.list("var/lib/nixus/secrets")).toEqual([]);
    expect(host.list("run/nixus/secrets")).toEqual([]);
    host.dispose();
  });
});

describe.runIf(hasNix)("receiving, on the machine", () => {
  /** The script as the machine runs it, with a directory that stands for its file system. */
  function receive(root: string, id: string, count: number): { child: ChildProcess; ended: Promise<number> } {
    const child = spawn("/bin/sh", ["-c", receiveSecretsScript(id, count)], {
      env: { ...process.env, NIXUS_ROOT: root },
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin?.on("error", () => {});
    return { child, ended: new Promise((resolve) => child.on("close", (code) => resolve(code ?? -1))) };
  }

  const file: TreeNode = { type: "regular", executable: false, contents: Buffer.from("content") };
  const directory = (entries: Record<string, TreeNode>): TreeNode => ({
    type: "directory",
    entries: new Map(Object.entries(entries)),
  });
  const archive = Buffer.concat([
    ...narChunksSync(directory({ disk: directory({ a: file, b: file }), memory: directory({ c: file }) })),
  ]);

  it("puts all of it aside for the activation, or nothing", async () => {
    using scratch = scratchDirectory();
    const run = async (id: string, count: number, input: Buffer) => {
      const { child, ended } = receive(scratch.path, id, count);
      child.stdin?.end(input);
      return await ended;
    };
    const at = (path: string) => join(scratch.path, path);
    expect(await run("d1", 3, archive)).toBe(0);
    expect(readdirSync(at("var/lib/nixus/secrets/pending/d1"))).toEqual(["a", "b"]);
    expect(readdirSync(at("run/nixus/secrets/pending/d1"))).toEqual(["c"]);
    expect(statSync(at("var/lib/nixus/secrets/pending/d1/a")).mode & 0o777).toBe(0o600);
    for (const path of ["var/lib/nixus/secrets/pending", "var/lib/nixus/secrets/pending/d1"]) {
      expect(statSync(at(path)).mode & 0o777).toBe(0o700);
    }
    expect(await run("d2", 4, archive)).not.toBe(0);
    expect(await run("d3", 3, archive.subarray(0, -100))).not.toBe(0);
    expect(readdirSync(at("var/lib/nixus/secrets/pending"))).toEqual(["d1"]);
    expect(readdirSync(at("run/nixus/secrets"))).toEqual(["pending"]);
  });

  it("removes what was sent more than a day ago, but not that of the deployment under way: the clock may have been set", async () => {
    using scratch = scratchDirectory();
    const at = (path: string) => join(scratch.path, path);
    for (const id of ["d1", "d2"]) {
      const { child, ended } = receive(scratch.path, id, 3);
      child.stdin?.end(archive);
      expect(await ended).toBe(0);
    }
    const pending = ["var/lib/nixus/secrets/pending", "run/nixus/secrets/pending"].map(at);
    for (const id of ["d1", "d2"]) for (const there of pending) utimesSync(join(there, id), 0, 0);
    writeFileSync(at("var/lib/nixus/deployment"), "version=1\nid=d1\n");
    const { child, ended } = receive(scratch.path, "d3", 3);
    child.stdin?.end(archive);
    expect(await ended).toBe(0);
    for (const there of pending) expect(readdirSync(there)).toEqual(["d1", "d3"]);
  });

  it("removes what one left that was killed, and nothing of one that is at work", async () => {
    using scratch = scratchDirectory();
    const received = () => {
      const all = join(scratch.path, "run/nixus/secrets");
      return existsSync(all) ? readdirSync(all).filter((name) => name.startsWith("receiving-")) : [];
    };
    const killed = receive(scratch.path, "d1", 3);
    killed.child.stdin?.write(archive.subarray(0, -100));
    await vi.waitUntil(() => received().length === 1);
    expect(statSync(join(scratch.path, "run/nixus/secrets", ...received())).mode & 0o777).toBe(0o700);
    const working = receive(scratch.path, "d2", 3);
    working.child.stdin?.write(archive.subarray(0, -100));
    await vi.waitUntil(() => received().length === 2);
    killed.child.kill("SIGKILL");
    killed.child.stdin?.end();
    await killed.ended;
    expect(received()).toHaveLength(2);
    const next = receive(scratch.path, "d3", 3);
    next.child.stdin?.end(archive);
    expect(await next.ended).toBe(0);
    expect(received()).toEqual([expect.stringMatching(/^receiving-d2:/)]);
    working.child.stdin?.end(archive.subarray(-100));
    expect(await working.ended).toBe(0);
    expect(received()).toEqual([]);
  });
});
