# Three machines, two of which are backed up to the third. `backups` is an option of this example's own module.
{ lib, ... }:
{
  defaults =
    { name, ... }:
    {
      host = "root@${name}.example.com";
      platform = "linux";
      configuration.networking.hostName = lib.mkDefault name;
    };
  nodes.store = { };

  backups.web = {
    to = "store";
    paths = [
      "/var/www"
      "/etc/ssl"
    ];
    publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEMEMhGaqN51qSiDMfJUEv3kDPfGN7dRhl02gxlMvTZ5";
  };
  backups.mail = {
    to = "store";
    paths = [ "/var/mail" ];
    startAt = "hourly";
    keepDays = 90;
    publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC";
  };

  ssh.access.store.hostKeys.ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFmQKv95azyh3YPO+g1/j3AJfWH3PN+NseCdo7Dy/5Ws";
}
