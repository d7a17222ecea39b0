/** The README says what is true: its network evaluates, its commands and files exist. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { deploymentOf, optionValue } from "./fleet/network-of.ts";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const scripts = (
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }
).scripts;

function blocks(language: string): string[] {
  return [...readme.matchAll(/```(\w*)\n(.*?)```/gs)]
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

  it("links to files that exist", () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)]
      .map((match) => match[1]!)
      .filter((link) => !link.includes("://"));
    expect(links.length).toBeGreaterThan(3);
    for (const link of links)
      expect({ link, exists: existsSync(join(root, link)) }).toEqual({ link, exists: true });
  });

  it("names commands that nixus has", () => {
    const app = readFileSync(join(root, "src/cli/app.ts"), "utf8");
    const named = new Set([...readme.matchAll(/^\$? ?nixus ([a-z-]+)/gm)].map((match) => match[1]!));
    expect(named).toContain("deploy");
    for (const name of named) expect(app).toMatch(new RegExp(`\\b"?${name}"?:`));
  });
});
