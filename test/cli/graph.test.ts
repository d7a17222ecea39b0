import { describe, expect, it } from "vitest";
import { graphDot, graphSvg, graphText } from "../../src/cli/render/graph.ts";
import { sshGraph } from "../../src/fleet/modules/ssh/graph.ts";
import type { SshAccess } from "../../src/fleet/modules/ssh/options.ts";
import { networkOf } from "../fleet/network-of.ts";

function graphOf(access: string) {
  const { network } = networkOf(`{
    defaults.platform = "linux";
    nodes.foo = { }; nodes.bar = { }; nodes."b.example.com" = { };
    ssh.access = { ${access} };
  }`);
  const { nodes, ssh } = network.view;
  return sshGraph(ssh.access satisfies SshAccess, Object.keys(nodes));
}

const graph = () =>
  graphOf(`
  foo.keys."a<b>".hasAccessTo.bar = { root = true; bob = true; alice = false; };
  foo.keys.self.hasAccessTo.foo.root = true;
  bar.keys.backup = { options.command = "backup"; hasAccessTo.foo.root = true; };
`);

describe("nixus graph ssh", () => {
  it("is a line for each login", () => {
    expect(graphText(graph())).toBe(`bar (key backup) -> root@foo (limited)
foo (key a<b>) -> bob@bar
foo (key a<b>) -> root@bar
foo (key self) -> root@foo`);
  });

  it("is DOT with an edge for two nodes", () => {
    expect(graphDot(graph())).toBe(`digraph ssh {
  node [shape=box];
  "b.example.com";
  "bar";
  "foo";
  "bar" -> "foo" [label="backup -> root (limited)"];
  "foo" -> "bar" [label="a<b> -> bob\\na<b> -> root"];
  "foo" -> "foo" [label="self -> root"];
}`);
  });

  it("is SVG with every node and label, and nothing outside of the picture", () => {
    const svg = graphSvg(graph());
    for (const text of [
      "b.example.com",
      "bar",
      "foo",
      "a&lt;b&gt; -&gt; root",
      "backup -&gt; root (limited)",
    ]) {
      expect(svg).toContain(`>${text}</text>`);
    }
    expect(svg.match(/<path d="M[^"]*[Qc]/g)).toHaveLength(3);
    const size = Number(/viewBox="0 0 ([\d.]+)/.exec(svg)?.[1]);
    for (const [, x, y] of svg.matchAll(/ x="([\d.-]+)" y="([\d.-]+)"/g)) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(size);
      expect(Number(y)).toBeGreaterThan(0);
      expect(Number(y)).toBeLessThan(size);
    }
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("shows one node, or none, as well", () => {
    for (const nodes of [[], ["only"]]) {
      expect(graphSvg({ nodes, edges: [] })).not.toMatch(/NaN|Infinity/);
      expect(graphText({ nodes, edges: [] })).toBe("");
    }
  });
});
