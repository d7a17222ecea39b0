# An authoritative name server with zones made of data.
{ lib, pkgs, ... }:
let
  hosts = { ns1 = "192.0.2.1"; ns2 = "192.0.2.2"; mail = "192.0.2.25"; };
  zone = ''
    $TTL 1h
    @ IN SOA ns1.example.org. hostmaster.example.org. (2020101501 1d 2h 4w 1h)
    @ IN NS ns1
    @ IN MX 10 mail
  '' + lib.concatStrings (lib.mapAttrsToList (name: address: "${name} IN A ${address}\n") hosts);
in {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  networking.nameservers = [ "127.0.0.1" ];
  networking.firewall.allowedUDPPorts = [ 53 ];
  services.bind = {
    enable = true;
    cacheNetworks = [ "127.0.0.0/8" "10.0.0.0/8" ];
    forwarders = [ "9.9.9.9" ];
    zones = [
      {
        name = "example.org";
        master = true;
        slaves = [ "192.0.2.2" ];
        file = pkgs.writeText "example.org.zone" zone;
      }
      {
        name = "example.net";
        master = false;
        masters = [ "198.51.100.1" ];
        file = "/var/lib/bind/example.net.zone";
      }
    ];
    extraOptions = "dnssec-validation auto;";
  };
  services.dnsmasq.enable = false;
}
