{ config, lib, ... }:
let
  web = builtins.filter (name: builtins.elem "web" config.nodes.${name}.tags) (builtins.attrNames config.nodes);
in
{
  dns = {
    servers.gate.name = "ns1.company.example.com";
    servers.ns = {
      name = "ns2.company.example.com";
      software = "nsd";
    };
    keys.transfer.keyFile = "/etc/dns-transfer-key";
    zones."company.example.com" = {
      primaryNode = "gate";
      secondaryNodes = [ "ns" ];
      transferKey = "transfer";
      soa.email = "hostmaster@company.example.com";
    };
    records = lib.mkMerge [
      {
        "company.example.com" = {
          A = map (name: config.nodes.${name}.configuration.networking.public.ipv4) web;
          MX = "10 mail.company.example.com.";
          TXT = "v=spf1 mx -all";
        };
        "www.company.example.com".CNAME = "company.example.com.";
        "mail.company.example.com".node = "mail";
      }
      (lib.listToAttrs (map (name: lib.nameValuePair "${name}.company.example.com" { node = name; }) web))
    ];
  };
}
