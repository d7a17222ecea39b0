{ config, name, ... }:
{
  networking.firewall.allowedTCPPorts = [ 80 ];
  users.users.site = {
    isSystemUser = true;
    group = "site";
  };
  users.groups.site = { };
  # The same on all of them and on the databases: secrets.nix. A new one restarts the site, and nothing else.
  systemd.services.site = {
    description = "The site";
    wantedBy = [ "multi-user.target" ];
    environment.DATABASE_PASSWORD_FILE = "${config.secrets.files.database.file}";
    serviceConfig = {
      User = "site";
      ExecStart = "/usr/bin/busybox httpd -f -p 8080 -h /etc/site";
      Restart = "on-failure";
    };
  };
  environment.etc."site/index.html".text = "Served by ${name}\n";
}
