# What watches other machines, with units, timers and tests of configuration made from data.
{ config, lib, pkgs, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  services.prometheus = {
    enable = true;
    extraFlags = [ "--storage.tsdb.retention=30d" ];
    rules = [ (builtins.toJSON { groups = [ { name = "up"; rules = [ { alert = "Down"; expr = "up == 0"; } ]; } ]; }) ];
    exporters.node = {
      enable = true;
      enabledCollectors = [ "systemd" ];
    };
    scrapeConfigs = [
      {
        job_name = "node";
        scrape_interval = "15s";
        static_configs = [ { targets = map (n: "host${toString n}:9100") (lib.range 1 20); } ];
      }
    ];
  };
  services.grafana = {
    enable = true;
    addr = "0.0.0.0";
    provision.enable = true;
  };
  services.influxdb.enable = true;
  systemd.services.sweep = {
    description = "Sweep ${config.networking.hostName}";
    path = [ pkgs.gawk ];
    environment = { A = "1 2"; B = "\"quoted\""; };
    serviceConfig = {
      ExecStart = "${pkgs.bash}/bin/bash -c 'find /tmp -mtime +7 -delete'";
      Type = "oneshot";
      CPUWeight = 20;
    };
    startAt = [ "hourly" "*-*-01 00:00" ];
  };
  systemd.timers.sweep.timerConfig.RandomizedDelaySec = 300;
  environment.etc."motd".text = "watching\n";
  services.cron.systemCronJobs = [ "0 4 * * * root ${pkgs.coreutils}/bin/true" ];
}
