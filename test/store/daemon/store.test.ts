/** The client of the worker protocol beside a real daemon: of the installed Nix, or of NIXUS_NIX_DAEMON. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { toBytes } from "../../../src/store/bytes.ts";
import { contentAddressOf } from "../../../src/store/content-address.ts";
import { DaemonDisconnected, DaemonError } from "../../../src/store/daemon/errors.ts";
import type { DaemonMessage } from "../../../src/store/daemon/messages.ts";
import { outgoing } from "../../../src/store/daemon/outgoing.ts";
import { defaultSettings } from "../../../src/store/daemon/settings.ts";
import type { DaemonStore, Target } from "../../../src/store/daemon/store.ts";
import { type Derivation, fillInOutputs } from "../../../src/store/derivation.ts";
import { parseNar } from "../../../src/store/nar.ts";
import type { StoreObject } from "../../../src/store/tree.ts";
import { VirtualStore } from "../../../src/store/virtual-store.ts";
import { scratchDirectory } from "../installed-nix.ts";
import { DaemonLab, hasDaemon } from "./lab.ts";

/** Every run's objects are new, also to a store that other runs have used. */
const salt = randomBytes(8).toString("hex");

const scratch = scratchDirectory();
const lab = hasDaemon ? new DaemonLab(scratch.path) : undefined;
afterAll(() => {
  lab?.[Symbol.dispose]();
  scratch[Symbol.dispose]();
});

/** Adds a derivation whose builder is a shell script. */
function derivation(store: VirtualStore, name: string, script: string, inputs: readonly string[] = []) {
  const text = store.addText(`${name}-input`, toBytes(`${salt}\n`), []);
  const draft: Derivation = {
    name,
    outputs: new Map([["out", { type: "deferred" }]]),
    inputDerivations: new Map(inputs.map((path) => [path, new Set(["out"])])),
    inputSources: new Set([text]),
    system: "x86_64-linux",
    builder: "/bin/sh",
    args: ["-c", script],
    env: new Map([["input", text]]),
  };
  const finished = fillInOutputs(draft, (path) => store.derivationHash(path));
  const path = store.addDerivation(finished);
  const output = finished.outputs.get("out");
  const out = output?.type === "inputAddressed" ? output.path : "";
  const target: Target = { type: "derivation", path, outputs: new Map([["out", out]]) };
  return { path, out, target };
}

async function add(to: DaemonStore, objects: readonly StoreObject[]): Promise<void> {
  await to.addMultipleToStore(objects.length, objects.map(outgoing));
}

async function collect(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(Buffer.from(chunk));
  return Buffer.concat(collected);
}

describe.skipIf(lab === undefined)("a store behind a daemon", { timeout: 60_000 }, () => {
  const open = (onMessage?: (message: DaemonMessage) => void) => lab!.open(onMessage);

  test("takes objects from memory, and gives them back", async () => {
    const large = join(scratch.path, "large");
    writeFileSync(large, Buffer.alloc(3_000_001, salt));
    const virtual = new VirtualStore();
    const data = virtual.addPath("data", large);
    const flat = virtual.addFlatFile("flat", large);
    const text = virtual.addText("text", toBytes(`${data} ${salt}`), [data]);
    const objects = virtual.closure([text, flat]);
    expect(objects.map(contentAddressOf).map((address) => address.replace(/:[0-9a-z]{52}$/, ""))).toEqual([
      "fixed:r:sha256",
      "text:sha256",
      "fixed:sha256",
    ]);
    const store = await open();
    expect(await store.queryValidPaths([data, text])).toEqual(new Set());
    expect(await store.queryPathInfo(text)).toBeNull();
    await add(store, objects);
    expect(await store.queryValidPaths([data, text, flat])).toEqual(new Set([data, text, flat]));
    const closure = await store.closure([text]);
    expect(closure.map(({ path }) => path)).toEqual([data, text]);
    expect(closure[1]).toMatchObject({ references: [data], contentAddress: contentAddressOf(objects[1]!) });
    const archives: Buffer[] = [];
    for await (const { nar } of store.nars(closure)) archives.push(await collect(nar));
    expect(archives.map((archive) => archive.length)).toEqual(
      objects.slice(0, 2).map(({ narSize }) => narSize),
    );
    expect(parseNar(archives[1]!)).toMatchObject({ contents: toBytes(`${data} ${salt}`) });
    await store.close();
  });

  test("answers many questions at once, each its own, and goes on after one that fails", async () => {
    const virtual = new VirtualStore();
    const paths = Array.from({ length: 200 }, (_, index) =>
      virtual.addText(`many-${index}`, toBytes(`${salt} ${index}`), []),
    );
    const store = await open();
    await add(store, virtual.closure(paths.filter((_, index) => index % 2 === 0)));
    const questions = paths.map((path) => store.isValidPath(path));
    const failure = store.ensurePath(paths[1]!);
    const after = store.isValidPath(paths[0]!);
    await expect(failure).rejects.toThrow(DaemonError);
    expect(await Promise.all(questions)).toEqual(paths.map((_, index) => index % 2 === 0));
    expect(await after).toBe(true);
    await store.close();
  });

  test("builds, tells what it does, and says what failed", async () => {
    const virtual = new VirtualStore();
    const good = derivation(virtual, "good", 'echo hello from good; echo ok > "$out"');
    const bad = derivation(virtual, "bad", "echo about to fail; exit 3");
    const above = derivation(virtual, "above", `echo ${good.out} > "$out"`, [good.path]);
    const blocked = derivation(virtual, "blocked", 'echo > "$out"', [bad.path]);
    const messages: DaemonMessage[] = [];
    const store = await open((message) => messages.push(message));
    await add(store, virtual.closure([above.path, blocked.path]));
    const targets = [above.target, blocked.target];
    const missing = await store.queryMissing(targets);
    expect(new Set(missing.willBuild)).toEqual(new Set([good, bad, above, blocked].map(({ path }) => path)));
    await store.keepGoing(defaultSettings);
    const results = await store.buildPathsWithResults(targets);
    expect(results[0]).toEqual({ type: "built", outputs: new Map([["out", above.out]]) });
    expect(results[1]).toMatchObject({ type: "failed" });
    const builds = messages.filter((message) => message.type === "start" && message.activity === "build");
    expect(builds.map((message) => (message.type === "start" ? message.fields[0] : ""))).toContain(good.path);
    const lines = messages.filter(
      (message) => message.type === "result" && message.result === "build-log-line",
    );
    const texts = lines.map((message) => (message.type === "result" ? message.fields[0] : ""));
    expect(texts).toEqual(expect.arrayContaining(["hello from good", "about to fail"]));
    expect((await store.closure([above.out])).map(({ path }) => path)).toEqual([good.out, above.out]);
    expect(await store.isValidPath(blocked.out)).toBe(false);
    await store.close();
  });

  test("gets a closure from another connection, without holding it in memory", async () => {
    const virtual = new VirtualStore();
    const inner = derivation(virtual, "inner", 'for i in 1 2 3 4 5 6; do echo $input$i; done > "$out"');
    const outer = derivation(virtual, "outer", `echo ${inner.out} > "$out"`, [inner.path]);
    const store = await open();
    await add(store, virtual.closure([outer.path]));
    await store.buildPaths([outer.target]);
    const closure = await store.closure([outer.out]);
    using other = scratchDirectory();
    // A daemon that was given has one store only: there the copy finds everything in place.
    using otherLab = new DaemonLab(other.path);
    const target = await otherLab.open();
    for (const { path } of closure) await target.addTempRoot(path);
    await target.addMultipleToStore(closure.length, store.nars(closure));
    const copied = await target.closure([outer.out]);
    expect(copied.map(({ path, narHash }) => [path, narHash])).toEqual(
      closure.map(({ path, narHash }) => [path, narHash]),
    );
    await Promise.all([store.close(), target.close()]);
  });

  test("refuses an object whose contents are not what was said of them, and goes on", async () => {
    const virtual = new VirtualStore();
    const path = virtual.addText("lie", toBytes(salt), []);
    const object = outgoing(virtual.get(path)!);
    const store = await open();
    const body = await collect(object.nar);
    body[body.length - 40]! ^= 1;
    await expect(store.addToStoreNar({ info: object.info, nar: [body] })).rejects.toThrow(DaemonError);
    expect(await store.isValidPath(path)).toBe(false);
    await store.close();
  });

  test("a source that fails half-way is what the failure is about, and nothing is added", async () => {
    const virtual = new VirtualStore();
    const path = virtual.addText("cut", toBytes(salt.repeat(1000)), []);
    const { info, nar } = outgoing(virtual.get(path)!);
    const cut = async function* () {
      yield (await collect(nar)).subarray(0, 64);
      throw new Error("the source is gone");
    };
    const store = await open();
    await expect(store.addToStoreNar({ info, nar: cut() })).rejects.toThrow("the source is gone");
    await expect(store.isValidPath(path)).rejects.toThrow("the source is gone");
    const again = await open();
    expect(await again.isValidPath(path)).toBe(false);
    await again.close();
  });

  test("a daemon that dies fails what was under way", async () => {
    const transport = lab!.transport();
    const { DaemonStore } = await import("../../../src/store/daemon/store.ts");
    const store = await DaemonStore.open(transport);
    await transport.close();
    await expect(store.isValidPath(`/nix/store/${"0".repeat(32)}-x`)).rejects.toThrow(DaemonDisconnected);
  });
});
