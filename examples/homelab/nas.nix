{ config, ... }:
{
  # Its own, made by `nixus secrets generate`.
  secrets.files.backup-key.generate = "ssh";

  systemd.tmpfiles.rules = [ "d /srv/backup 0700 root root -" ];
  systemd.services.backup-hub = {
    description = "Fetch the data of hub";
    script = ''
      umask 077
      ssh -o BatchMode=yes -i ${config.secrets.files.backup-key.file} www-backup@hub.home >/srv/backup/hub.tar.new
      mv /srv/backup/hub.tar.new /srv/backup/hub.tar
    '';
    serviceConfig.Type = "oneshot";
  };
  systemd.timers.backup-hub = {
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnCalendar = "daily";
      Persistent = true;
    };
  };
}
