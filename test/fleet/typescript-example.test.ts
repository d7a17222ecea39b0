import { resolve } from "node:path";
import { expect, it } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { findNetworkFile } from "../../src/cli/network-file.ts";

const root = resolve(import.meta.dirname, "../..");

function systemsOf(example: string): Readonly<Record<string, string>> {
  const file = findNetworkFile(example, root);
  const result = runRequest({ kind: "network", file, nodes: undefined }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  return Object.fromEntries(
    result.network.nodes.map(({ name, host, tags, toplevel }) => [
      name,
      `${host} ${tags.join()} ${toplevel}`,
    ]),
  );
}

it("examples/typescript is examples/homelab: the same systems, to the last byte", () => {
  const systems = systemsOf("examples/typescript");
  expect(Object.keys(systems)).toEqual(["desktop", "hub", "laptop", "media", "nas"]);
  expect(systems).toEqual(systemsOf("examples/homelab"));
});
