/** What a preview says of a system, by where it is: reboots are what the deployment itself would decide. */
import { afterEach, describe, expect, test } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import type { Event } from "../../src/events/event.ts";
import type { Preview } from "../../src/events/preview.ts";
import { factsText, fitFacts } from "./rig/fake-machine.ts";
import { FakeSsh, type SshCall } from "./rig/fake-ssh.ts";
import { type TestNode, trivialNetwork } from "./trivial-system.ts";

let ssh: FakeSsh | undefined;
afterEach(() => ssh?.stop());

interface Question {
  readonly node?: Partial<TestNode>;
  /** Whether the new system is on the machine. */
  readonly there: boolean;
  /** Bytes of each of the two store objects, the system and its baseline; as they are when left out. */
  readonly size?: number;
  /** `--reboot` */
  readonly reboot?: boolean;
  /** What the machine says of itself besides. */
  readonly says?: readonly string[];
  readonly differs?: readonly string[];
}

async function look({ node, there, size, reboot = false, says = [], differs = [] }: Question) {
  const nixos = { platform: "nixos", buildOn: "target", source: { type: "store" } } as const;
  const evaluated = trivialNetwork("new", {}, { name: "foo", host: "root@foo", ...nixos, ...node });
  const network = {
    ...evaluated,
    objects: evaluated.objects.map((object) => ({ ...object, narSize: size ?? object.narSize })),
  };
  const answers = (paths: readonly string[], script: string): readonly string[] => {
    if (script.includes("nixus-facts")) return [factsText(fitFacts, there ? [] : paths)];
    if (script.includes("fact nixus-preview")) return ["nixus-preview=1", ...says, "end="];
    return [
      ...["nixus-live-switch=1", `switchable=${there ? 1 : 0}`, "end="],
      ...["nixus-reboot=1", ...differs.map((part) => `differs=${part}`), "selector=grub", "end="],
    ];
  };
  const answer = (call: SshCall) =>
    void call.input.then((input) => {
      const paths = input.toString("latin1").split("\n\n")[0]?.split("\n") ?? [];
      call.say(...answers(paths, call.script));
      call.exit(0);
    });
  ssh = await FakeSsh.start(answer);
  const events: Event[] = [];
  const report = await deploy(network, { dryRun: true, reboot }, (event) => events.push(event));
  const preview = events.flatMap((event) => (event.type === "preview" ? [event.preview] : []))[0];
  return { preview: preview as Preview, problem: report.nodes[0]?.problem ?? null };
}

const always = { rebootPolicy: "always" } as const;
const linux = { platform: "linux", source: { type: "memory" } } as const;
const whyAlways = 'its rebootPolicy is "always"';

describe("a system that is on the machine", () => {
  test("is asked what the deployment asks: kernel parameters count", async () => {
    const { preview } = await look({ there: true, differs: ["kernel-params"] });
    expect(preview).toMatchObject({ reboot: { known: true, value: ["kernel-params"] }, restart: null });
  });

  test("restarts the machine where its node lets it", async () => {
    const { preview } = await look({ there: true, reboot: true, differs: ["kernel"] });
    expect(preview).toMatchObject({ reboot: { known: true, value: ["kernel"] }, restart: "another kernel" });
  });

  test("needs none where nothing speaks for one", async () => {
    const { preview } = await look({ there: true, reboot: true });
    expect(preview).toMatchObject({ reboot: { known: true, value: [] }, restart: null });
  });
});

describe("a system that is not on the machine", () => {
  test.each([false, true])("can't be asked yet (--reboot: %s)", async (reboot) => {
    const { preview } = await look({ there: false, reboot });
    expect(preview).toMatchObject({
      reboot: { known: false, why: "known after copying" },
      restart: null,
    });
  });

  test("restarts the machine in any case where its node says so", async () => {
    const { preview } = await look({ there: false, node: always });
    expect(preview).toMatchObject({ reboot: { known: false }, restart: whyAlways });
  });

  test("of the linux platform has nothing that only a reboot replaces", async () => {
    const { preview } = await look({ there: false, node: linux, says: ["rebootRequired=1"] });
    expect(preview).toMatchObject({ reboot: { known: true, value: ["packages"] }, restart: null });
  });

  test("of the linux platform is not refused for not being there", async () => {
    const { preview, problem } = await look({ there: false, node: { ...linux, ...always } });
    expect(problem).toBeNull();
    expect(preview).toMatchObject({ reboot: { known: false }, restart: whyAlways });
  });
});

describe("units of a system that is not on the machine", () => {
  const derivation = { type: "derivation", derivation: "/nix/store/new.drv", output: "out" } as const;

  test.each<[string, Partial<TestNode>, string]>([
    ["that is to be copied there", { source: { type: "store" } }, "known after copying"],
    ["that is to be built there", { source: derivation }, "known after building"],
  ])("%s", async (_name, node, why) => {
    const { preview } = await look({ there: false, node });
    expect(preview.units).toEqual({ known: false, why });
    expect(preview.reboot).toEqual({ known: false, why });
  });

  test("that is too large to be looked at only", async () => {
    const { preview } = await look({ there: false, node: linux, size: 70 * 1024 * 1024 });
    expect(preview.units).toEqual({ known: false, why: "known after copying 70 MiB" });
  });
});
