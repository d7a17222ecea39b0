import { describe, expect, it } from "vitest";
import { deploymentOf, messageOf, optionValue } from "../network-of.ts";

const network = (minecraft: string, more = "") => `{
  defaults.platform = "linux";
  nodes.games.configuration.networking.public = { ipv4 = "192.0.2.7"; };
  nodes.ns = { configuration.networking.public.ipv4 = "192.0.2.53"; };
  imports = [ { ${more} } ];
  minecraft.servers = { ${minecraft} };
}`;
const zone = `dns.zones."example.com" = { primaryNode = "ns"; soa.email = "hostmaster@example.com"; };
  dns.servers.ns.name = "ns.example.com.";`;
const world = (settings = "") =>
  `world = { node = "games"; command = "/usr/bin/server --world it's"; ${settings} };`;
const config = (option: string, text = network(world()), node = "games") =>
  optionValue(text, `nodes.${node}.configuration.${option}`);

describe("minecraft.servers", () => {
  it("wait for players with a socket, of which a proxy needs the server", () => {
    const text = network(world("port = 4000; internalPort = 4001; idleTime = 60;"));
    expect(config("systemd.sockets.minecraft-world", text)).toMatchObject({
      listenStreams: ["4000"],
      socketConfig: { Service: "minecraft-world-proxy.service" },
      wantedBy: ["sockets.target"],
    });
    expect(config("systemd.services.minecraft-world-proxy.script", text)).toContain(
      "--exit-idle-time=60s 127.0.0.1:4001",
    );
    expect(config("systemd.services.minecraft-world", text)).toMatchObject({
      wantedBy: [],
      unitConfig: { StopWhenUnneeded: true },
      serviceConfig: { ExecStart: "/usr/bin/server --world it's" },
    });
    expect(config("networking.firewall.allowedTCPPorts", text)).toEqual([4000, 22]);
    expect(config("systemd.sockets", text, "ns")).toEqual({});
    expect(deploymentOf(text).nodes).toHaveLength(2);
  });

  it("have their properties", () => {
    const prepare = config(
      "systemd.services.minecraft-world.preStart",
      network(world(`eula = true; serverProperties = { motd = "it's on"; pvp = false; };`)),
    );
    expect(prepare).toContain("echo eula=true >eula.txt\n");
    expect(prepare).toContain(`'motd=it'\\''s on' 'pvp=false' 'server-port=25566' 'server-ip=127.0.0.1'`);
  });

  it("are found by name and port", () => {
    const text = network(world(`domain = "play.example.com"; port = 4000;`), zone);
    expect(optionValue(text, `dns.records."play.example.com.".A`)).toMatchObject([{ address: "192.0.2.7" }]);
    expect(optionValue(text, `dns.records."play.example.com.".AAAA`)).toEqual([]);
    expect(optionValue(text, `dns.records."_minecraft._tcp.play.example.com.".SRV`)).toMatchObject([
      { port: 4000, target: "play.example.com." },
    ]);
    expect(deploymentOf(text).nodes).toHaveLength(2);
  });

  it("say which option is wrong", () => {
    for (const [minecraft, message] of [
      [
        `world.node = "gmaes";`,
        "'minecraft.servers.world.node': the network has no node 'gmaes'; did you mean 'games'?",
      ],
      [`world.node = "games";`, "set 'minecraft.servers.world.command'"],
      [
        `${world()} other = { node = "games"; command = "/x"; port = 4000; };`,
        "25566 on node 'games' is 'minecraft.servers.other.internalPort' already",
      ],
      [`"a b" = { node = "games"; command = "/x"; };`, "the name 'a b' may only have letters"],
      [world(`serverProperties.motd = "a\\nb";`), "minecraft.servers.world.serverProperties.motd"],
    ] as const)
      expect(messageOf(() => deploymentOf(network(minecraft)))).toContain(message);
    const unreachable = network(
      `w = { node = "other"; command = "/x"; domain = "play.example.com"; };`,
      `${zone} nodes.other = { };`,
    );
    expect(messageOf(() => deploymentOf(unreachable))).toContain(
      "set 'nodes.other.configuration.networking.public.ipv4'",
    );
  });
});
