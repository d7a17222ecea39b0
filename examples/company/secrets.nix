# `nixus secrets generate` made them; they stand encrypted in secrets/, and nixus.lock has what evaluation needs.
{ config, lib, ... }:
let
  tagged = tag: builtins.filter (name: builtins.elem tag config.nodes.${name}.tags) (builtins.attrNames config.nodes);
in
{
  secrets.database = {
    generate = "random";
    nodes = tagged "web" ++ tagged "db";
    user = "root";
    mode = "0400";
  };
  # Each machine's key in the VPNs.
  defaults.configuration.secrets.files.vpn.generate = "wireguard";
}
