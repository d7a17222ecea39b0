/** What a preview says of reboots: what the deployment itself would decide, as far as that can be known yet. */
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
  /** `--reboot` */
  readonly reboot?: boolean;
  /** What the machine says of itself besides. */
  readonly says?: readonly string[];
  readonly differs?: readonly string[];
}

async function look({ node, there, reboot = false, says = [], differs = [] }: Question) {
  const nixos = { platform: "nixos", buildOn: "target", source: { type: "store" } } as const;
  const network = trivialNetwork("new", {}, { name: "foo", host: "root@foo", ...nixos, ...node });
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
