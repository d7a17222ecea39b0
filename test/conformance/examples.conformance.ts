/**
 * The networks of examples/ as NixOS machines, by the nixpkgs of NIXUS_NIXPKGS: each node's `.drv` as Nix has it for the
 * same modules. Those that name packages of a distribution get others here.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Network, type NodeEvaluation } from "../../src/fleet/network/network.ts";
import type { NixosEvaluation } from "../../src/fleet/platforms/nixos/platform.ts";
import { createSession } from "../../src/fleet/session.ts";
import { type Attrs, force, type NixString, type Slot } from "../../src/lang/eval/value.ts";
import { showName, stringLiteral } from "../../src/lang/syntax/printer.ts";
import { fromText } from "../../src/store/bytes.ts";
import { suite } from "./lib/expected-failures.ts";
import { instantiate, nixVersion } from "./lib/instantiate.ts";
import { plainNode } from "./lib/plain-modules.ts";
import { nix, nixpkgs, skipSuite } from "./lib/settings.ts";

/** What the platform was given for each node of the network at hand. */
const seen = vi.hoisted(() => new Map<string, { node: NodeEvaluation; evaluation: NixosEvaluation }>());

vi.mock("../../src/fleet/platforms/nixos/platform.ts", async (original) => {
  const actual = await original<typeof import("../../src/fleet/platforms/nixos/platform.ts")>();
  return {
    ...actual,
    evaluateNixos: (...args: Parameters<typeof actual.evaluateNixos>) => {
      const evaluation = actual.evaluateNixos(...args);
      seen.set(args[1].name, { node: args[1], evaluation });
      return evaluation;
    },
  };
});

const project = resolve(import.meta.dirname, "../..");
const platform = join(project, "src/fleet/platforms");

/** NixOS 20.09 can't translate the addresses of IPv6, which an internet gateway in both would need. */
const ipv4Only = "vpn.networks.home.subnet6 = lib.mkForce null;";

/** The network files, in folders of their names, and what has to be said differently for NixOS. */
const examples = {
  hello: { file: "default.nix" },
  "ssh-access": { file: "default.nix" },
  seedling: { file: "default.nix" },
  "own-module": { file: "typescript.nix" },
  homelab: { file: "default.nix", more: ipv4Only },
  typescript: { file: "nixus.config.ts", more: ipv4Only },
  company: { file: "default.nix" },
} satisfies Readonly<Record<string, { file: string; more?: string }>>;

/** So many machines are evaluated by one process of Nix: each takes some hundred megabytes. */
const groupSize = 4;

/** Milliseconds. The largest of them has twenty machines. */
const longest = 1_800_000;

const names = Object.keys(examples) as (keyof typeof examples)[];
const { check, checkNames } = suite("examples");
let directory: string;

/** The same network of NixOS machines. */
function nixosNetwork({ file, more = "" }: { readonly file: string; readonly more?: string }): string {
  return `{ lib, ... }: {
    imports = [ ./${file} ];
    ${more}
    defaults = {
      platform = lib.mkForce "nixos";
      nixpkgs = ${nixpkgs};
      configuration = { pkgs, ... }: {
        boot.loader.grub.device = "/dev/vda";
        fileSystems."/".device = "/dev/vda1";
        # Those of the examples are of Debian.
        environment.systemPackages = lib.mkForce [ pkgs.hello ];
      };
    };
  }`;
}

interface Evaluated {
  /** The nodes' `.drv`s. */
  readonly ours: Readonly<Record<string, string>>;
  /** Their modules, for plain-network.nix. */
  readonly plain: string;
}

function evaluate(example: keyof typeof examples): Evaluated {
  const file = join(directory, example, "as-nixos.nix");
  writeFileSync(file, nixosNetwork(examples[example]));
  seen.clear();
  const { evaluator } = createSession({ env: process.env, onMessage: () => {} });
  const network = new Network(evaluator, fromText(file));
  const nodes = network.nodes.names().map((name) => {
    network.configurationOf(name);
    const { node, evaluation } = seen.get(name)!;
    const path = ["system", "build", "toplevel", "drvPath"];
    const drv = force(path.reduce<Slot>((set, part) => attribute(set, part), evaluation.config)) as NixString;
    return { name, drv: drv.text, plain: plainNode(evaluator, node, evaluation) };
  });
  const plain = nodes.map(({ name, plain }) => `${showName(name)} = ${plain};`).join("\n");
  return {
    ours: Object.fromEntries(nodes.map(({ name, drv }) => [name, drv])),
    plain: `{ package, sameContext, withPath }: {\n${plain}\n}`,
  };
}

function attribute(set: Slot, name: string): Slot {
  return (force(set) as Attrs).getByName(name)!;
}

/** By Nix. */
async function evaluatePlain(plain: string, nodes: readonly string[]): Promise<Record<string, string>> {
  const file = join(directory, "plain.nix");
  writeFileSync(file, plain, "latin1");
  const found: Record<string, string> = {};
  for (let start = 0; start < nodes.length; start += groupSize) {
    const only = nodes
      .slice(start, start + groupSize)
      .map(stringLiteral)
      .join(" ");
    const expression = `import ${join(import.meta.dirname, "lib/plain-network.nix")} {
      nodesOf = import ${file}; only = [ ${only} ]; platform = ${platform};
    }`;
    const { succeeded, stdout, stderr } = await instantiate(nix, [
      "--eval",
      "--strict",
      "--json",
      "-E",
      expression,
    ]);
    expect(succeeded, stderr).toBe(true);
    Object.assign(found, JSON.parse(stdout));
  }
  return found;
}

if (nixpkgs === undefined) {
  skipSuite("examples", "NIXUS_NIXPKGS does not name a nixpkgs");
} else if ((await nixVersion()) === undefined) {
  skipSuite("examples", "there is no nix-instantiate to compare with");
} else {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "nixus-examples-"));
    cpSync(join(project, "examples"), directory, { recursive: true });
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  checkNames(names);
  describe("the derivations of an example's machines, as NixOS machines", () => {
    test.each(names)(
      "%s",
      (name) =>
        check(name, async () => {
          const { ours, plain } = evaluate(name);
          expect(await evaluatePlain(plain, Object.keys(ours))).toEqual(ours);
        }),
      longest,
    );
  });
}
