{
  networking.firewall.allowedTCPPorts = [ 80 ];

  environment.etc."homelab/index.html".text = "Welcome to the lab\n";
  systemd.tmpfiles.rules = [ "d /srv/www 0755 www-backup www-backup -" ];
  systemd.services.front-page = {
    description = "The front page of the lab";
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      ExecStart = "/usr/bin/busybox httpd -f -p 80 -h /etc/homelab";
      Restart = "on-failure";
    };
  };

  # Logs in from nas, for one command.
  users.users.www-backup = {
    isSystemUser = true;
    group = "www-backup";
    home = "/srv/www";
    shell = "/bin/sh";
  };
  users.groups.www-backup = { };
}
