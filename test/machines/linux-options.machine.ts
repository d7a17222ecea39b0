/** Options of the linux platform that need a machine to show what they do. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diffSnapshots, Lab, type Machine } from "./lib/index.ts";
import { activated, Deployer, networkWith } from "./nixus.ts";
import { offerPackages } from "./repository.ts";

const name = "foo.example.com";

let lab: Lab;
let foo: Machine;
let deployer: Deployer;

beforeAll(async () => {
  lab = await Lab.start({ machines: [{ name, image: "debian-services" }] });
  foo = lab.machine();
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

async function deployed(configuration: string): Promise<string> {
  const result = await deployer.deploy(networkWith(configuration));
  expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(activated) });
  return result.stdout;
}

describe("packages of the distribution", () => {
  test("are installed before the system is activated, and stay", async () => {
    await offerPackages(foo, [
      { name: "hello-tool", contents: "mkdir -p usr/bin && cp /bin/echo usr/bin/hello-tool" },
      { name: "provider", control: ["Provides: hello-virtual"] },
    ]);
    const withTool = `environment.systemPackages = [ "hello-tool" "coreutils" ];
      system.activationScripts.say = "hello-tool said >/run/said";`;
    expect(await deployed(withTool)).toContain(`[${name}] Installing packages: hello-tool...`);
    expect(await foo.readFile("/run/said")).toBe("said\n");
    expect(await deployed("")).not.toContain("Installing packages");
    expect((await foo.exec("hello-tool there")).stdout).toBe("there\n");
  });

  test("that no package is named as are refused before anything is switched", async () => {
    for (const [wrong, reason] of [
      ["hello-virtual", "no package has the name 'hello-virtual'; name the package that provides it"],
      ["no-such-thing", "Unable to locate package no-such-thing"],
    ] as const) {
      const before = await foo.snapshot();
      const result = await deployer.deploy(
        networkWith(`environment.systemPackages = [ "${wrong}" ]; environment.etc.never.text = "";`),
      );
      expect(result.exitCode).toBe(1);
      expect(result.stdout).toContain(reason);
      expect(result.stdout).not.toContain("Triggering");
      expect(diffSnapshots(before, await foo.snapshot()).filter((line) => line.includes("/etc/"))).toEqual(
        [],
      );
    }
  });
});
