/** The README and the documentation say what is true: networks evaluate, commands and files exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { deploymentOf, optionValue } from "./fleet/network-of.ts";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const scripts = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

function blocks(language: string, text = readme): string[] {
  return [...text.matchAll(/```(\w*)\n(.*?)```/gs)]
    .filter((match) => match[1] === language)
    .map((match) => match[2]!);
}

describe("the README", () => {
  it("has a network that can be deployed", () => {
    const [network] = blocks("nix");
    expect(optionValue(network!, "nodes.foo.configuration.systemd.services.hello.wantedBy")).toEqual([
      "multi-user.target",
    ]);
    expect(deploymentOf(network!).nodes.map(({ host }) => host)).toEqual(["root@foo.example.com"]);
  });

  it("says what several machines have to agree on as it can be written", () => {
    const [, said] = blocks("nix");
    const network = `{
      defaults.platform = "linux";
      nodes = { hub = { }; nas = { }; laptop = { }; };
      ${said!}
    }`;
    const keys = "nodes.nas.configuration.users.users.alice.openssh.authorizedKeys.keys";
    expect(optionValue(network, keys)).toEqual([expect.stringMatching(/^ssh-ed25519 /)]);
    expect(optionValue(network, "vpn.networks.home.clients.laptop.internetGateway")).toBe(true);
    expect(optionValue(network, 'dns.records."www.lab.example.com".A')).toMatchObject([
      { address: "192.0.2.1" },
    ]);
  });

  it("names npm scripts that exist", () => {
    const named = [...readme.matchAll(/npm (?:run ([\w:-]+)|(test))/g)].map((match) => match[1] ?? match[2]!);
    expect(named).toContain("demo");
    expect(named).toContain("test");
    for (const name of named) expect(scripts).toHaveProperty([name]);
  });
});

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md") && !file.endsWith("options.md"))
    .map((file) => join("docs", file)),
];

describe.each(pages)("%s", (page) => {
  const text = readFileSync(join(root, page), "utf8");

  it("links to files that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    for (const link of links.filter((one) => !one.includes("://")))
      expect({ link, exists: existsSync(join(root, dirname(page), link)) }).toEqual({ link, exists: true });
  });

  it("names commands that nixus has", () => {
    const app = readFileSync(join(root, "src/cli/app.ts"), "utf8");
    const named = new Set([...text.matchAll(/(?:^\$? ?|`)nixus ([a-z-]+)/gm)].map((match) => match[1]!));
    for (const name of named) expect(app).toMatch(new RegExp(`\\b"?${name}"?:`));
  });
});

it("the how-to about modules of one's own shows parts of its example", () => {
  const howTo = readFileSync(join(root, "docs/how-to/own-modules.md"), "utf8");
  const example = join(root, "examples/own-module");
  const sources = readdirSync(example).map((file) => readFileSync(join(example, file), "utf8"));
  const snippets = [...blocks("nix", howTo), ...blocks("ts", howTo)];
  expect(snippets.length).toBeGreaterThan(5);
  for (const snippet of snippets)
    expect(
      sources.some((source) => source.includes(snippet)),
      snippet,
    ).toBe(true);
});
