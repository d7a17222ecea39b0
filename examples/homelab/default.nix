# Five machines at home and on the road. `nixus deploy -f examples/homelab`
#
#   hub      at a provider: the way into the VPN, first name server, front page
#   nas      at home: files and backups, second name server
#   desktop  at home: alice works here; sleeps when nobody does
#   media    at home: plays music for everyone in the VPN
#   laptop   wherever alice is; all its traffic goes through hub
#
# What several machines have to agree on is said once: access.nix, vpn.nix, dns.nix, sleep.nix.
# The private keys in secrets/ can be read by those who deploy: alice, where she works. For machines of your own: your keys
# in machines.nix, no nixus.lock and no secrets/, then `nixus lock`, `nixus vpn keys`, `nixus secrets generate`.
{ config, lib, ... }:
let
  machines = import ./machines.nix;
in
{
  imports = [
    ./access.nix
    ./vpn.nix
    ./dns.nix
    ./sleep.nix
  ];

  defaults =
    { name, ... }:
    {
      host = machines.${name}.host;
      platform = "linux";
      deployers = [
        machines.desktop.userKey
        machines.laptop.userKey
      ];
      configuration = {
        networking.hostName = name;
        networking.firewall.enable = true;
        networking.public.ipv4 = machines.${name}.publicIpv4;
        users.users.alice = {
          isNormalUser = true;
          shell = "/bin/bash";
        };
      };
    };

  nodes = {
    hub.configuration = ./hub.nix;
    nas = {
      tags = [ "home" ];
      configuration = ./nas.nix;
    };
    desktop.tags = [ "home" ];
    media = {
      tags = [ "home" ];
      configuration = ./media.nix;
    };
    laptop = { };
  };
}
