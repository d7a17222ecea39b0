/** Builds for several nodes, by a real Nix. */
import { afterAll, describe, expect, test } from "vitest";
import { Builds } from "../../../src/deploy/stores/builds.ts";
import type { StorePlace } from "../../../src/deploy/stores/place.ts";
import type { Event } from "../../../src/events/event.ts";
import type { Build } from "../../../src/plan/build.ts";
import { toBytes } from "../../../src/store/bytes.ts";
import { defaultSettings } from "../../../src/store/daemon/settings.ts";
import { fillInOutputs } from "../../../src/store/derivation.ts";
import { VirtualStore } from "../../../src/store/virtual-store.ts";
import { DaemonLab, hasDaemon } from "../../store/daemon/lab.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";

const scratch = scratchDirectory();
const lab = hasDaemon ? new DaemonLab(scratch.path) : undefined;
afterAll(() => {
  lab?.[Symbol.dispose]();
  scratch[Symbol.dispose]();
});

/** What the place has been told to expect. */
const noted: string[] = [];

const place: StorePlace = {
  name: "local",
  open: async (onMessage) => ({ store: await lab!.open(onMessage), settings: defaultSettings }),
  note: async (paths) => void noted.push(...paths),
  close: async () => {},
};

function derivation(store: VirtualStore, name: string, script: string, inputs: readonly Build[] = []): Build {
  const finished = fillInOutputs(
    {
      name,
      outputs: new Map([["out", { type: "deferred" }]]),
      inputDerivations: new Map(inputs.map((input) => [input.derivation, new Set(["out"])])),
      inputSources: new Set([store.addText(`${name}-source`, toBytes(name), [])]),
      system: "x86_64-linux",
      builder: "/bin/sh",
      args: ["-c", script],
      env: new Map(),
    },
    (path) => store.derivationHash(path),
  );
  const path = store.addDerivation(finished);
  const output = finished.outputs.get("out");
  if (output?.type !== "inputAddressed") throw new Error("no output path");
  return { derivation: path, output: "out", path: output.path };
}

describe.skipIf(lab === undefined)("builds of one place", { timeout: 60_000 }, () => {
  test("go to the store together; one that fails is told with its builder's last lines, and keeps no other", async () => {
    const virtual = new VirtualStore();
    const shared = derivation(virtual, "shared", 'echo shared > "$out"');
    const good = derivation(virtual, "good", `echo ${shared.path} > "$out"`, [shared]);
    const broken = derivation(
      virtual,
      "broken",
      "echo first; for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; exit 7",
    );
    const above = derivation(virtual, "above", 'echo > "$out"', [broken, shared]);
    const objects = virtual.closure([good, above].map((build) => build.derivation));
    const events: Event[] = [];
    const builds = new Builds(new Map(objects.map((object) => [object.path, object])), (event) =>
      events.push(event),
    );
    const [first, second, again] = await Promise.allSettled([
      builds.build(place, [good]),
      builds.build(place, [above]),
      builds.build(place, [good]),
    ]);
    expect(first.status).toBe("fulfilled");
    // Sources, derivations, and what is made of them, that of an input as well.
    for (const build of [shared, good, broken, above]) {
      expect(noted).toContain(build.derivation);
      expect(noted).toContain(build.path);
    }
    expect(noted).toContainEqual(expect.stringMatching(/-shared-source$/));
    expect(again.status).toBe("fulfilled");
    const message = second.status === "rejected" ? String(second.reason.message) : "";
    expect(message).toMatch(
      new RegExp(
        `^builder for '${broken.derivation}' failed with exit code 7; its last lines:\n {2}line 1\n`,
      ),
    );
    expect(message).toMatch(/line 10$/);
    const planned = events.filter(({ type }) => type === "builds-planned");
    expect(planned).toHaveLength(1);
    const building = events.flatMap((event) => (event.type === "building" ? [event.derivation] : []));
    expect(building.filter((path) => path === shared.derivation)).toHaveLength(1);
    expect(events).toContainEqual(expect.objectContaining({ type: "build-output", line: "first" }));
    events.length = 0;
    await builds.build(place, [good]);
    expect(events).toEqual([]);
    await builds.close();
  });

  test("want what the evaluation did not make, and nobody has: the path is named", async () => {
    const virtual = new VirtualStore();
    const build = derivation(virtual, "incomplete", 'echo > "$out"');
    const objects = virtual.closure([build.derivation]).filter(({ path }) => path.endsWith(".drv"));
    const builds = new Builds(new Map(objects.map((object) => [object.path, object])), () => {});
    await expect(builds.build(place, [build])).rejects.toThrow(
      /incomplete-source' is needed for the build, but it is not in the store there/,
    );
    await builds.close();
  });
});
