# A database server with extensions, backups and a pool in front.
{ lib, pkgs, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  fileSystems."/var/lib/postgresql" = {
    device = "tank/postgresql";
    fsType = "zfs";
  };
  networking.hostId = "deadbeef";
  services.postgresql = {
    enable = true;
    package = pkgs.postgresql_12;
    enableTCPIP = true;
    extraPlugins = with pkgs.postgresql_12.pkgs; [ postgis pg_repack ];
    extraConfig = ''
      shared_buffers = 1GB
      log_connections = on
      max_connections = 300
    '';
    authentication = lib.mkOverride 10 ''
      local all all trust
      host all all ::1/128 md5
    '';
    ensureDatabases = [ "forge" "wiki" ];
    ensureUsers = [
      {
        name = "forge";
        ensurePermissions."DATABASE forge" = "ALL PRIVILEGES";
      }
    ];
    initialScript = pkgs.writeText "init.sql" ''
      CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
    '';
  };
  services.postgresqlBackup = {
    enable = true;
    databases = [ "forge" "wiki" ];
    startAt = "*-*-* 01:15:00";
  };
}
