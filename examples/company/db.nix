{ config, ... }:
{
  environment.systemPackages = [ "postgresql" ];
  # Answers in the VPN of the servers alone.
  networking.firewall.interfaces.servers.allowedTCPPorts = [ 5432 ];
  systemd.services.database-password = {
    description = "Give the site's role its password";
    wantedBy = [ "multi-user.target" ];
    after = [ "postgresql.service" ];
    serviceConfig.Type = "oneshot";
    serviceConfig.RemainAfterExit = true;
    script = ''
      password=$(cat ${config.secrets.files.database.file})
      printf "ALTER ROLE site PASSWORD '%s';\n" "$password" | runuser -u postgres -- psql --quiet
    '';
  };
}
