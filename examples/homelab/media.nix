# Answers in the VPN alone: nothing is opened in the firewall.
{ name, ... }:
{
  environment.etc."media/index.html".text = "Music from ${name}\n";
  systemd.services.media = {
    description = "Music for everyone in the VPN";
    wantedBy = [ "multi-user.target" ];
    serviceConfig = {
      ExecStart = "/usr/bin/busybox httpd -f -p 8000 -h /etc/media";
      Restart = "on-failure";
    };
  };
}
