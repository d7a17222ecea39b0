/** Every example evaluates, without a warning, to a system for each of its machines. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { findNetworkFile } from "../../src/cli/network-file.ts";

const examples = resolve(import.meta.dirname, "../../examples");

test.each(readdirSync(examples))("examples/%s", (name) => {
  const file = findNetworkFile(join(examples, name), examples);
  const result = runRequest({ kind: "network", file, nodes: undefined }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  const { nodes, failures, warnings } = result.network;
  expect(failures).toEqual([]);
  expect(warnings).toEqual([]);
  expect(nodes.length).toBeGreaterThan(0);
  for (const node of nodes) expect(node.toplevel).toMatch(/^\/nix\/store\//);
});
