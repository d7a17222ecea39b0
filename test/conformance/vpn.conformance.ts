/** `vpn.networks` on NixOS (NIXUS_NIXPKGS): its options take what is defined, and the systems can be instantiated. */
import { describe, expect, test } from "vitest";
import { optionValue } from "../fleet/network-of.ts";
import { nixpkgs, skipSuite } from "./lib/settings.ts";

const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");
const wireguard = (byte: number) => `wireguard = { publicKey = "${key(byte)}"; privateKeyFile = "/key"; };`;
const openvpn = 'openvpn = { certificateFile = "/own.crt"; privateKeyFile = "/own.key"; };';

const network = `{
  defaults = {
    nixpkgs = ${nixpkgs};
    configuration = { boot.loader.grub.device = "/dev/vda"; fileSystems."/".device = "/dev/vda1"; };
  };
  nodes.hub.configuration.networking.public.ipv4 = "192.0.2.1";
  nodes.spoke = { };
  nodes.roam = { };
  vpn.networks.home = {
    subnet = "10.0.0.0/24";
    subnet6 = "fd00::/64";
    trusted = true;
    server = { node = "hub"; subnetIp = "10.0.0.1"; subnetIp6 = "fd00::1"; ${wireguard(0xff)} };
    clients.spoke = { subnetIp = "10.0.0.2"; subnetIp6 = "fd00::2"; ${wireguard(2)} };
    clients.roam = { subnetIp = "10.0.0.3"; subnetIp6 = "fd00::3"; ${wireguard(3)} };
  };
  vpn.networks.way-out = {
    subnet = "10.1.0.0/24";
    server = { node = "hub"; subnetIp = "10.1.0.1"; port = 4500; externalInterface = "eth0"; ${wireguard(0xfb)} };
    clients.roam = { subnetIp = "10.1.0.2"; internetGateway = true; ${wireguard(5)} };
  };
  vpn.networks.office = {
    backend = "openvpn";
    subnet = "10.2.0.0/24";
    openvpn.caFile = "/ca.crt";
    server = { node = "hub"; subnetIp = "10.2.0.1"; externalInterface = "eth0"; ${openvpn} };
    clients.spoke = { subnetIp = "10.2.0.2"; internetGateway = true; ${openvpn} };
  };
}`;

if (nixpkgs === undefined) {
  skipSuite("vpn", "NIXUS_NIXPKGS does not name a nixpkgs");
} else {
  describe("vpn.networks on NixOS", () => {
    test.each(["hub", "spoke", "roam"])("the system of %s", (node) => {
      expect(optionValue(network, `nodes.${node}.configuration.system.build.toplevel.drvPath`)).toMatch(
        /\.drv$/,
      );
    });

    test("units that are named exist", () => {
      const services = (node: string) =>
        optionValue(
          `{ imports = [ ${network.replaceAll("\n", " ")} ({ config, lib, ... }: { options.seen = lib.mkOption { }; config.seen =
            lib.mapAttrs (_: unit: unit.bindsTo) config.nodes.${node}.configuration.systemd.services; }) ]; }`,
          "seen",
        ) as Record<string, readonly string[]>;
      const roam = services("roam");
      const bound = roam["vpn-gateway-way-out"]?.map((unit) => unit.replace(/\.service$/, ""));
      expect(bound).toHaveLength(1);
      expect(Object.keys(roam)).toEqual(expect.arrayContaining([...(bound ?? []), "wireguard-home"]));
      expect(Object.keys(services("spoke"))).toContain("openvpn-office");
    });
  });
}
