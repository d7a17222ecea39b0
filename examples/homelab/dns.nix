# The zone of the machines: names for the outside, and below `vpn` those that lead through the VPN.
{ config, lib, ... }:
{
  # The name servers share it; `nixus secrets generate` made it.
  secrets.dns-transfer.generate = {
    type = "random";
    alphabet = "base64";
    length = 32;
  };
  dns = {
    keys.transfer.secret = "dns-transfer";
    servers.hub.name = "ns1.lab.example.com";
    servers.nas = {
      name = "ns2.lab.example.com";
      software = "nsd";
    };
    zones."lab.example.com" = {
      primaryNode = "hub";
      secondaryNodes = [ "nas" ];
      transferKey = "transfer";
      soa.email = "alice@example.com";
    };
    records = lib.mkMerge [
      {
        "lab.example.com".node = "hub";
        "www.lab.example.com".CNAME = "lab.example.com.";
      }
      (lib.mapAttrs' (
        name: addresses:
        lib.nameValuePair "${name}.vpn.lab.example.com" {
          A = builtins.filter lib.ip.isIpv4 addresses;
          AAAA = builtins.filter lib.ip.isIpv6 addresses;
        }
      ) config.vpn.networks.home.addresses)
    ];
  };
}
