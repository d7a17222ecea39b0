# nginx in front of applications, certificates by ACME.
{ config, lib, pkgs, ... }:
let
  domain = "example.org";
  proxied = { app = 3000; api = 4000; metrics = 9090; };
in {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  networking.hostName = "web";
  networking.domain = domain;
  networking.firewall.allowedTCPPorts = [ 80 443 ];
  security.acme = {
    acceptTerms = true;
    email = "hostmaster@${domain}";
    certs.${domain}.extraDomains."www.${domain}" = null;
  };
  services.nginx = {
    enable = true;
    recommendedGzipSettings = true;
    recommendedOptimisation = true;
    recommendedProxySettings = true;
    recommendedTlsSettings = true;
    commonHttpConfig = ''
      log_format timed '$remote_addr "$request" $status $request_time';
    '';
    virtualHosts = {
      ${domain} = {
        enableACME = true;
        forceSSL = true;
        serverAliases = [ "www.${domain}" ];
        root = pkgs.writeTextDir "index.html" "<h1>${config.networking.hostName}</h1>";
        locations."/status".extraConfig = "stub_status;";
      };
    } // lib.mapAttrs' (name: port: lib.nameValuePair "${name}.${domain}" {
      useACMEHost = domain;
      addSSL = true;
      locations."/" = {
        proxyPass = "http://127.0.0.1:${toString port}";
        proxyWebsockets = port == 3000;
      };
    }) proxied;
  };
}
