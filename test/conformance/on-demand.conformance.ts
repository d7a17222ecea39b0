/** `rtcwake` and `minecraft` on NixOS (NIXUS_NIXPKGS): its options take what is defined, and the systems can be instantiated. */
import { describe, expect, test } from "vitest";
import { optionValue } from "../fleet/network-of.ts";
import { nixpkgs, skipSuite } from "./lib/settings.ts";

const network = `{
  defaults = {
    nixpkgs = ${nixpkgs};
    configuration = {
      boot.loader.grub.device = "/dev/vda"; fileSystems."/".device = "/dev/vda1";
      nixpkgs.config.allowUnfree = true;
    };
  };
  nodes.desktop.configuration.networking.public.ipv4 = "192.0.2.1";
  nodes.router.configuration.networking.public.ipv4 = "192.0.2.2";
  rtcwake = { server.node = "router"; machines.desktop = { interval = 77; condition = "[ ! -e /run/busy ]"; }; };
  minecraft.servers.world = { node = "desktop"; domain = "play.example.net"; eula = true; };
  dns.zones."example.net" = { primaryNode = "router"; soa.email = "hostmaster@example.net"; };
  dns.servers.router.name = "ns.example.net.";
  # What is looked at, so that one evaluation is enough.
  imports = [ ({ config, lib, ... }: {
    options.looked = lib.mkOption { };
    config.looked = lib.mapAttrs (_: { configuration, ... }: {
      inherit (configuration.system.build.toplevel) drvPath;
      ports = configuration.networking.firewall.allowedTCPPorts;
      listens = lib.mapAttrs (_: socket: socket.listenStreams)
        (lib.filterAttrs (name: _: builtins.match "(nixus|minecraft).*" name != null) configuration.systemd.sockets);
      starts = lib.mapAttrs (_: service: service.serviceConfig.ExecStart)
        (lib.filterAttrs (name: _: builtins.match "(nixus-rtcwake|minecraft).*" name != null) configuration.systemd.services);
    }) config.nodes;
  }) ];
}`;

interface Looked {
  readonly drvPath: string;
  readonly ports: readonly number[];
  readonly listens: Readonly<Record<string, readonly string[]>>;
  readonly starts: Readonly<Record<string, string>>;
}

if (nixpkgs === undefined) {
  skipSuite("on-demand", "NIXUS_NIXPKGS does not name a nixpkgs");
} else {
  describe("what sleeps until somebody needs it, on NixOS", () => {
    test("is in systems that can be instantiated", { timeout: 600_000 }, () => {
      const { desktop, router } = optionValue(network, "looked") as Record<"desktop" | "router", Looked>;
      for (const { drvPath } of [desktop, router]) expect(drvPath).toMatch(/-nixos-system-.*\.drv$/);
      expect(desktop.listens).toEqual({ "minecraft-world": ["25565"] });
      expect(router.listens).toEqual({ "nixus-rtcwake-server": ["8423"] });
      expect([desktop.ports, router.ports]).toEqual([[25565], [53, 8423]]);
      expect(desktop.starts).toMatchObject({
        "minecraft-world": expect.stringMatching(
          /^\/nix\/store\/\S+-minecraft-server-\S+\/bin\/minecraft-server /,
        ),
        "nixus-rtcwake": expect.stringMatching(/^\/nix\/store\//),
      });
      expect(Object.keys(router.starts)).toEqual(["nixus-rtcwake-server@"]);
    });
  });
}
