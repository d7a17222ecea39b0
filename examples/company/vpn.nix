# Two networks with one server: the machines of the site, and the people's laptops, which go out through it.
{ config, lib, ... }:
let
  nodes = builtins.attrNames config.nodes;
  isOffice = name: builtins.elem "office" config.nodes.${name}.tags;
  keys = name: {
    wireguard = {
      inherit (config.nodes.${name}.configuration.secrets.files.vpn) publicKey;
      privateKeyFile = "${config.nodes.${name}.configuration.secrets.files.vpn.file}";
    };
  };
  clients = lib.remove "gate" nodes;
in
{
  vpn.networks = {
    servers = {
      subnet = "10.20.0.0/24";
      server = {
        node = "gate";
        subnetIp = "10.20.0.1";
      }
      // keys "gate";
      clients = lib.genAttrs (builtins.filter (name: !isOffice name) clients) keys;
    };
    office = {
      subnet = "10.30.0.0/24";
      server = {
        node = "gate";
        subnetIp = "10.30.0.1";
        port = 51821;
      }
      // keys "gate";
      clients = lib.genAttrs (builtins.filter isOffice clients) (
        name: keys name // { internetGateway = true; }
      );
    };
  };
}
