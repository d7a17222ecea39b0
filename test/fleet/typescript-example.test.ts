import { resolve } from "node:path";
import { expect, it } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import { findNetworkFile } from "../../src/cli/network-file.ts";

const root = resolve(import.meta.dirname, "../..");

it("examples/typescript evaluates to two machines that know each other", () => {
  const file = findNetworkFile("examples/typescript", root);
  expect(file).toBe(resolve(root, "examples/typescript/nixus.config.ts"));
  const result = runRequest({ kind: "network", file, nodes: undefined }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  expect(result.network.warnings).toEqual([]);
  expect(result.network.nodes.map(({ name, host }) => [name, host])).toEqual([
    ["bar", "root@bar.example.com"],
    ["foo", "root@foo.example.com"],
  ]);
  const value = (path: string): unknown => {
    const read = runRequest({ kind: "value", file, path, format: "json" }, {}, () => {});
    return read.kind === "value" ? JSON.parse(read.text) : undefined;
  };
  expect(value("nodes.foo.configuration.networking.hosts")).toEqual({
    "192.0.2.1": ["foo"],
    "192.0.2.2": ["bar"],
  });
  expect(value('nodes.bar.configuration.environment.etc."hello/index.html".text')).toBe(
    "Good morning from bar!\n",
  );
  expect(value("nodes.bar.configuration.systemd.services.hello.description")).toBe("Like that of foo");
});
