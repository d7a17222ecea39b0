import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { deploymentOf, messageOf, optionValue } from "../network-of.ts";

const network = (rtcwake: string, more = "") => `{
  defaults.platform = "linux";
  nodes.desktop = { };
  nodes.router = { host = "root@router.example.com"; };
  imports = [ { ${more} } ];
  rtcwake = { ${rtcwake} };
}`;
const usual = `machines.desktop.interval = 1800; server.node = "router";`;
const config = (node: string, option: string, text = network(usual)) =>
  optionValue(text, `nodes.${node}.configuration.${option}`);

describe("rtcwake", () => {
  it("has a machine that asks and a server that answers, each its part", () => {
    expect(config("desktop", "systemd.services.nixus-rtcwake.environment")).toMatchObject({
      rtcwake_server: "router.example.com",
      rtcwake_port: "8423",
      rtcwake_machine: "desktop",
      rtcwake_interval: "1800",
      rtcwake_mode: "mem",
    });
    expect(config("desktop", "systemd.sockets")).toEqual({});
    expect(config("router", "systemd.services.nixus-rtcwake-server@.environment")).toEqual({
      rtcwake_machines: "desktop",
    });
    expect(config("router", "systemd.sockets.nixus-rtcwake-server.listenStreams")).toEqual(["8423"]);
    expect(config("router", "networking.firewall.allowedTCPPorts")).toEqual([8423, 22]);
    expect(config("desktop", "networking.firewall.allowedTCPPorts")).toEqual([22]);
    const closed = network(`${usual} server.openFirewall = false;`);
    expect(config("router", "networking.firewall.allowedTCPPorts", closed)).toEqual([22]);
    expect(deploymentOf(network(usual)).nodes).toHaveLength(2);
  });

  it("asks the server by what is known of it", () => {
    const server = (text: string) =>
      config("desktop", "systemd.services.nixus-rtcwake.environment.rtcwake_server", text);
    const address = `nodes.router.configuration.networking.public.ipv4 = "192.0.2.1";`;
    expect(server(network(usual, address))).toBe("192.0.2.1");
    expect(server(network(`${usual} server.address = "10.0.0.1";`, address))).toBe("10.0.0.1");
  });

  it("does nothing as long as no machine sleeps", () => {
    const none = network(`server.node = "router";`);
    expect(config("router", "systemd.sockets", none)).toEqual({});
    expect(deploymentOf(none).nodes).toHaveLength(2);
  });

  it("says which option is wrong", () => {
    for (const [rtcwake, message] of [
      ["machines.desktop = { };", "set 'rtcwake.server.node'"],
      [
        `machines.desktop = { }; server.node = "ruoter";`,
        "'rtcwake.server.node': the network has no node 'ruoter'; did you mean 'router'?",
      ],
      [
        `machines.deskop = { }; server.node = "router";`,
        "'rtcwake.machines.deskop': the network has no node 'deskop'; did you mean 'desktop'?",
      ],
      [`machines.router = { }; server.node = "router";`, "which sleeps itself"],
      [`machines.desktop.interval = 0; server.node = "router";`, "rtcwake.machines.desktop.interval"],
    ] as const)
      expect(messageOf(() => deploymentOf(network(rtcwake)))).toContain(message);
  });
});

describe("the server's program", () => {
  const program = resolve(import.meta.dirname, "../../../src/fleet/modules/rtcwake/server.sh");

  function server() {
    const directory = mkdtempSync(join(tmpdir(), "nixus-rtcwake-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const ask = (request: string) =>
      spawnSync("bash", [program], {
        input: request,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], STATE_DIRECTORY: directory, rtcwake_machines: "desktop laptop" },
      }).stdout;
    const get = (path: string) => ask(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const post = (path: string, form: string) =>
      ask(`POST ${path} HTTP/1.1\r\nHost: x\r\ncontent-length: ${form.length}\r\n\r\n${form}`);
    return { directory, get, post };
  }
  const status = (response: string) => response.slice(9, 12);
  const body = (response: string) => response.slice(response.indexOf("\r\n\r\n") + 4);

  it("lets machines sleep until somebody wants one awake, for so long", () => {
    const { directory, get, post } = server();
    expect(body(get("/machines/desktop"))).toBe("sleep\n");
    expect(status(post("/machines/desktop", "minutes=5"))).toBe("303");
    expect(body(get("/machines/desktop"))).toBe("awake\n");
    expect(body(get("/machines/laptop"))).toBe("sleep\n");
    const until = Number(readFileSync(join(directory, "desktop"), "utf8"));
    expect(until - Date.now() / 1000).toBeGreaterThan(240);
    expect(until - Date.now() / 1000).toBeLessThanOrEqual(300);
    expect(get("/")).toContain("awake for 5 more minutes");
    writeFileSync(join(directory, "desktop"), "1000\n");
    expect(body(get("/machines/desktop"))).toBe("sleep\n");
    post("/machines/laptop?minutes=0", "");
    expect(body(get("/machines/laptop"))).toBe("sleep\n");
  });

  it("answers in HTTP", () => {
    const { get } = server();
    const response = get("/");
    expect(response).toMatch(/^HTTP\/1\.0 200 OK\r\nContent-Type: text\/html; charset=utf-8\r\n/);
    expect(response).toContain(`Content-Length: ${body(response).length}\r\n`);
    expect(body(response)).toContain("<form method=post action=/machines/laptop>");
  });

  it("refuses everything else", () => {
    const { directory, get, post } = server();
    expect(status(get("/machines/other"))).toBe("404");
    expect(status(get("/machines/"))).toBe("404");
    expect(status(get("/machines/desktop%20laptop"))).toBe("404");
    expect(status(get("/../etc/passwd"))).toBe("404");
    expect(status(post("/machines/../x", "minutes=1"))).toBe("404");
    expect(status(post("/", "minutes=1"))).toBe("405");
    expect(status(post("/machines/desktop", "minutes=a[$(touch x)]"))).toBe("400");
    expect(status(post("/machines/desktop", "minutes=99999999999"))).toBe("400");
    expect(status(post("/machines/desktop", "x".repeat(20_000)))).toBe("400");
    expect(get("")).toMatch(/^HTTP\/1\.0 404 /);
    expect(() => readFileSync(join(directory, "desktop"))).toThrow("ENOENT");
  });
});
