# A network module in the Nix language takes part like any other.
{ config, lib, ... }:
{
  nodes = lib.mapAttrs (name: _: { host = "root@${name}.example.com"; }) config.hello;
  defaults.configuration = { name, ... }: { networking.hostName = lib.mkDefault name; };
}
