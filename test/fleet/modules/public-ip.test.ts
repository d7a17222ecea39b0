import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { messageOf, optionValue } from "../network-of.ts";

const network = (rest: string) => `{ lib, config, ... }: {
  defaults.platform = "linux";
  nodes.web.configuration = { ${rest} };
  nodes.other.configuration = { nodes, lib, ... }: {
    environment.etc.web.text = toString nodes.web.networking.public.ipv4;
    environment.etc.has.text = lib.boolToString nodes.web.networking.public.hasIpv4;
  };
}`;
const publicOf = (rest: string) => optionValue(network(rest), "nodes.web.configuration.networking.public");

describe("networking.public", () => {
  it("says how a machine is reached, to all others", () => {
    expect(publicOf("")).toEqual({ ipv4: null, ipv6: null, hasIpv4: false, hasIpv6: false });
    const addresses = `networking.public = { ipv4 = "192.0.2.1"; ipv6 = "2001:db8::1"; };`;
    expect(publicOf(addresses)).toEqual({
      ipv4: "192.0.2.1",
      ipv6: "2001:db8::1",
      hasIpv4: true,
      hasIpv6: true,
    });
    const file = (name: string) => `nodes.other.configuration.environment.etc.${name}.text`;
    expect(optionValue(network(addresses), file("web"))).toBe("192.0.2.1");
    expect(optionValue(network(addresses), file("has"))).toBe("true");
  });

  it("may say that it is reached, and not where", () => {
    expect(publicOf("networking.public.hasIpv4 = true;")).toMatchObject({ ipv4: null, hasIpv4: true });
  });

  it("has one way to write an address, for those who compare them", () => {
    expect(publicOf(`networking.public.ipv6 = "2001:DB8:0:0::01";`)).toMatchObject({ ipv6: "2001:db8::1" });
    const files = (platform: string) => `{
      defaults.nixpkgs = ${resolve("test/fixtures/nixpkgs")};
      nodes.web = { platform = "${platform}"; configuration.networking.public.ipv6 = "2001:DB8::0:1"; };
      dns.zones."example.com" = { primaryNode = "web"; records.www.AAAA = "2001:db8::1"; };
    }`;
    for (const platform of ["linux", "nixos"])
      expect(optionValue(files(platform), "dns.names.web")).toEqual(["www.example.com"]);
  });

  it("takes addresses only", () => {
    for (const [option, wrong] of [
      ["ipv4", "192.0.2"],
      ["ipv4", "192.0.2.1/24"],
      ["ipv4", "0x7f.1.1.1"],
      ["ipv4", "2001:db8::1"],
      ["ipv4", ""],
      ["ipv6", "fe80::1%eth0"],
      ["ipv6", "[::1]"],
      ["ipv6", "192.0.2.1"],
      ["ipv6", "web.example.com"],
    ]) {
      const message = messageOf(() => publicOf(`networking.public.${option} = "${wrong}";`));
      expect(message).toContain(`nodes.web.configuration.networking.public.${option}`);
      expect(message).toContain(option === "ipv4" ? "IPv4 address" : "IPv6 address");
      expect(message).toContain("default.nix:3");
    }
  });
});
