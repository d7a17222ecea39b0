import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";

const file = join(resolve(import.meta.dirname, "../.."), "examples/company/default.nix");

function valueAt(path: string): unknown {
  const read = runRequest({ kind: "value", file, path, format: "json" }, {}, () => {});
  return read.kind === "value" ? JSON.parse(read.text) : undefined;
}

it("examples/company: twenty machines by tags, two VPNs whose gateway is one of them, and secrets", () => {
  const result = runRequest({ kind: "network", file, nodes: undefined }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  const { nodes } = result.network;
  expect(nodes).toHaveLength(20);
  const tagged = (tag: string) => nodes.filter(({ tags }) => tags.includes(tag)).map(({ name }) => name);
  expect(tagged("db")).toEqual(["db-1", "db-2", "db-3"]);
  expect(tagged("office")).toHaveLength(4);

  const addresses = (network: string) => Object.keys(valueAt(`vpn.networks.${network}.addresses`) as object);
  expect(addresses("office").sort()).toEqual([...tagged("office"), "gate"]);
  expect(addresses("servers")).not.toContain("desk-1");
  const desk = "nodes.desk-1.configuration";
  expect(valueAt(`vpn.networks.office.clients.desk-1.internetGateway`)).toBe(true);
  expect(valueAt(`${desk}.systemd.services.vpn-gateway-office.wantedBy`)).toContain("multi-user.target");
  expect(valueAt("nodes.gate.configuration.networking.nat.internalIPs")).toHaveLength(4);

  expect((valueAt("secrets.database.nodes") as string[]).sort()).toEqual([...tagged("db"), ...tagged("web")]);
  for (const node of ["db-1", "web-6"])
    expect(valueAt(`nodes.${node}.configuration.secrets.files.database.path`)).toBe(
      "/run/nixus-secrets/database",
    );
});
