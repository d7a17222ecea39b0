{ config, ... }:
{
  environment.systemPackages = [ "postgresql" ];
  # The distribution's service, which would not run otherwise.
  systemd.services.postgresql.wantedBy = [ "multi-user.target" ];
  # Answers in the VPN of the servers alone.
  networking.firewall.interfaces.servers.allowedTCPPorts = [ 5432 ];
  systemd.services.database-password = {
    description = "Give the site's role its password";
    wantedBy = [ "multi-user.target" ];
    requires = [ "postgresql.service" ];
    after = [ "postgresql.service" ];
    serviceConfig.Type = "oneshot";
    serviceConfig.RemainAfterExit = true;
    script = ''
      password=$(cat ${config.secrets.files.database.file})
      printf "ALTER ROLE site PASSWORD '%s';\n" "$password" | runuser -u postgres -- psql --quiet
    '';
  };
}
