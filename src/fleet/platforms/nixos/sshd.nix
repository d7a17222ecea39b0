# sshd is stopped and started as soon as anything about it changes, so that one that does not come up again is noticed
# while the switch can still be rolled back.
{ config, lib, ... }:
{
  config = lib.mkIf (config.services.openssh.enable && !config.services.openssh.startWhenNeeded) {
    systemd.services.sshd.stopIfChanged = lib.mkForce true;
  };
}
