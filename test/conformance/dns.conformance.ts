/** Name servers that are NixOS machines (NIXUS_NIXPKGS). */
import { describe, expect, it } from "vitest";
import { optionValue } from "../fleet/network-of.ts";
import { nixpkgs, skipSuite } from "./lib/settings.ts";

const network = `{
  defaults = {
    nixpkgs = ${nixpkgs};
    configuration = { boot.loader.grub.device = "/dev/sda"; fileSystems."/".device = "/dev/sda1"; };
  };
  nodes.ns1.configuration.networking.public.ipv4 = "192.0.2.1";
  nodes.ns2.configuration.networking.public.ipv4 = "192.0.2.2";
  dns.servers.ns1.name = "ns1.example.com";
  dns.servers.ns2 = { name = "ns2.example.com"; software = "nsd"; };
  dns.keys.transfer.keyFile = "/etc/transfer.key";
  dns.zones."example.com" = { primaryNode = "ns1"; secondaryNodes = [ "ns2" ]; transferKey = "transfer"; };
  dns.zones."example.org" = { primaryNode = "ns2"; secondaryNodes = [ "ns1" ]; transferKey = "transfer"; };
  dns.records."www.example.com".A = "192.0.2.80";
  # What is looked at, so that one evaluation is enough.
  imports = [ ({ config, lib, ... }: {
    options.looked = lib.mkOption { };
    config.looked = lib.mapAttrs (_: node: {
      inherit (node.configuration.system.build.toplevel) drvPath;
      bind = node.configuration.services.bind.zones;
      nsd = node.configuration.services.nsd.extraConfig;
      preStart = lib.mapAttrs (_: unit: unit.preStart)
        (lib.filterAttrs (name: _: name == "bind" || name == "nsd") node.configuration.systemd.services);
      publish = node.configuration.systemd.services.nixus-dns-zones.script;
      ports = node.configuration.networking.firewall.allowedUDPPorts;
    }) config.nodes;
  }) ];
}`;

interface Looked {
  readonly drvPath: string;
  readonly bind: readonly Readonly<Record<string, unknown>>[];
  readonly nsd: string;
  readonly preStart: Readonly<Record<string, string>>;
  readonly publish: string;
  readonly ports: readonly number[];
}

if (nixpkgs === undefined) {
  skipSuite("dns", "NIXUS_NIXPKGS does not name a nixpkgs");
} else {
  describe("name servers on NixOS", () => {
    it("are configured by its services.bind and services.nsd", { timeout: 600_000 }, () => {
      const { ns1, ns2 } = optionValue(network, "looked") as Record<"ns1" | "ns2", Looked>;
      expect(ns1.drvPath).toMatch(/-nixos-system-.*\.drv$/);
      expect(ns2.drvPath).toMatch(/-nixos-system-.*\.drv$/);
      expect(ns1.bind).toMatchObject([
        { name: "example.com", master: true, slaves: ["key transfer"] },
        { name: "example.org", master: false, masters: ["192.0.2.2 key transfer"] },
      ]);
      expect(ns2.nsd).toContain(
        'name: "example.com"\n  zonefile: "/var/lib/nsd/nixus/secondary/example.com"\n  request-xfr: 192.0.2.1 transfer',
      );
      expect(ns1.preStart["bind"]).toMatch(/rndc-confgen[\s\S]*\/var\/lib\/bind\/nixus\/keys\/transfer/);
      expect(ns2.preStart["nsd"]).toMatch(
        /secret=\$\(cat "\/etc\/transfer\.key"\)[\s\S]*\/var\/lib\/nsd\/nixus\/secondary/,
      );
      expect(ns1.publish).toMatch(
        /publish 'example\.com' \/nix\/store\/\S+-zone-example\.com '\/var\/lib\/bind\/nixus\/primary\/example\.com'\nfinish bind\.service/,
      );
      expect(ns2.publish).toContain("finish nsd.service");
      expect([ns1.ports, ns2.ports]).toEqual([[53], [53]]);
    });
  });
}
