/** What the options of nodes say about how they are deployed. */
import { describe, expect, it } from "vitest";
import { deploymentOf, messageOf } from "./network-of.ts";

const settingsOf = (options: string, others = "") => {
  const { nodes } = deploymentOf(`{ lib, ... }: {
    defaults.platform = "linux";
    nodes.web = { ${options} };
    ${others}
  }`);
  return nodes.find(({ name }) => name === "web")!;
};

describe("health checks", () => {
  it("are one of several kinds", () => {
    const { healthChecks } = settingsOf(`healthChecks = {
      unit = { unit = "nginx.service"; retries = 0; interval = 2; timeout = 9; };
      command.command = "true";
      local.localCommand = "curl web";
      tcp.tcp.port = 25;
      http.http = { url = "http://web/"; status = 204; body = "^ok"; };
      dns.dns = { query = "example.com"; type = "MX"; answers = [ "10 mail" ]; };
    };`);
    expect(Object.fromEntries(healthChecks.map(({ name, probe }) => [name, probe]))).toEqual({
      unit: { type: "unit", unit: "nginx.service" },
      command: { type: "command", script: "true" },
      local: { type: "localCommand", script: "curl web" },
      tcp: { type: "tcp", host: null, port: 25 },
      http: { type: "http", url: "http://web/", status: 204, body: "^ok" },
      dns: {
        ...{ type: "dns", query: "example.com", recordType: "MX" },
        ...{ server: null, port: 53, answers: ["10 mail"] },
      },
    });
    expect(healthChecks.find(({ name }) => name === "unit")).toMatchObject({
      ...{ retries: 0, interval: 2, timeout: 9 },
    });
  });

  it.each([
    [
      `a = { };`,
      "the health check 'nodes.web.healthChecks.a' says nothing to look at; define exactly one of",
    ],
    [`a = { unit = "a"; tcp.port = 1; };`, "is several checks (unit, tcp)"],
    [
      `a.http = { url = "http://x"; body = "("; };`,
      "'nodes.web.healthChecks.a.http.body' is no regular expression",
    ],
    [`a.http.url = "x";`, "nodes.web.healthChecks.a.http.url"],
  ])("refuses %s", (checks, message) => {
    expect(messageOf(() => settingsOf(`healthChecks = { ${checks} };`))).toContain(message);
  });
});

describe("the order of nodes", () => {
  const others = `nodes.db-1.tags = [ "db" ]; nodes.db-2.tags = [ "db" ]; nodes.x = { };`;

  it("is said with selectors, which never mean the node itself", () => {
    expect(settingsOf(`tags = [ "db" ]; after = [ "@db" ];`, others).after).toEqual(["db-1", "db-2"]);
    expect(settingsOf(`after = [ "db-*" "x" ]; atomicGroup = "g";`, others)).toMatchObject({
      ...{ after: ["db-1", "db-2", "x"], atomicGroup: "g" },
    });
    expect(settingsOf(`after = [ "web" ];`).after).toEqual(["web"]);
  });

  it("refuses names that there are not", () => {
    expect(messageOf(() => settingsOf(`after = [ "db1" ];`, others))).toBe(
      "'nodes.web.after': the network has no node 'db1'; did you mean 'db-1' or 'db-2'?",
    );
  });
});

it("a name that no command could mean, or no path have, is refused", () => {
  const network = (name: string) => `{\n  nodes."${name}" = { platform = "linux"; };\n}`;
  for (const name of ["", "-rf", "@web", "!a", "web*", "a/b", "..", "a\\nb"])
    expect(messageOf(() => deploymentOf(network(name)))).toBe(
      `a node cannot be called "${name}": its name is a word of commands and a part of paths; it may not begin with '-', '@' or '!', nor have '/', '*', '?' or a line break in it`,
    );
  for (const name of ["web.example.com", "a b", "ü", "...", "a-@!"])
    expect(deploymentOf(network(name)).nodes).toHaveLength(1);
});

it("phases are entries of a DAG", () => {
  const { phases } = settingsOf(`deployScriptPhases = {
    plain = "true";
    late = lib.dag.entryAfter [ "commit" ] "echo late";
    between = lib.dag.entryBetween [ "switch" ] [ "copy" ] "echo between";
  };`);
  expect(phases).toEqual([
    { name: "between", script: "echo between", before: ["switch"], after: ["copy"] },
    { name: "late", script: "echo late", before: [], after: ["commit"] },
    { name: "plain", script: "true", before: [], after: [] },
  ]);
});

describe("which nodes are deployed", () => {
  const network = `{ defaults.platform = "linux"; nodes = {
    a = { tags = [ "x" ]; }; b = { tags = [ "x" ]; enabled = false; }; c.host = null;
  }; }`;
  const names = (...words: string[]) => deploymentOf(network, words).nodes.map(({ name }) => name);

  it("is said with selectors", () => {
    expect(names()).toEqual(["a", "c"]);
    expect(names("@x")).toEqual(["a"]);
    expect(names("!c")).toEqual(["a"]);
    expect(names("*")).toEqual(["a", "c"]);
  });

  it("a name that is meant and can't be is an error", () => {
    expect(messageOf(() => names("b"))).toContain("node 'b' is not enabled");
    expect(messageOf(() => names("c"))).toBe(
      "node 'c' has no host ('nodes.c.host' is null), so it can't be deployed",
    );
    expect(messageOf(() => names("@y"))).toContain("no node has the tag 'y'");
  });
});
