# Three machines, and who may log in where. `nixus deploy -f examples/ssh-access`
#
#   laptop (alice)  -> server as root and as deploy, backup as root
#   server (root)   -> backup as backup-store, for one command only
#
# The keys are public; each private key stays where it was made.
{ lib, ... }:
{
  defaults =
    { name, ... }:
    {
      host = "root@${name}.example.com";
      platform = "linux";
      configuration = {
        networking.hostName = lib.mkDefault name;
        networking.hosts = {
          "192.0.2.1" = [ "laptop" ];
          "192.0.2.2" = [ "server" ];
          "192.0.2.3" = [ "backup" ];
        };
      };
    };

  nodes.laptop.configuration.users.users.alice.isNormalUser = true;
  nodes.server.configuration.users.users.deploy.isNormalUser = true;
  nodes.backup.configuration.users = {
    users.backup-store = {
      isSystemUser = true;
      group = "backup-store";
      home = "/var/lib/backup-store";
      createHome = true;
      shell = "/bin/sh";
    };
    groups.backup-store = { };
  };

  ssh.access = {
    laptop.keys.alice = {
      publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC";
      hasAccessTo.server.root = true;
      hasAccessTo.server.deploy = true;
      hasAccessTo.backup.root = true;
    };

    server = {
      hostKeys.ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPEPjVU3/taJg8DSSl43GRSUImHR8j2vnuMb36YYWWht";
      hostNames = [ "192.0.2.2" ];
      keys.root = {
        publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEMEMhGaqN51qSiDMfJUEv3kDPfGN7dRhl02gxlMvTZ5";
        options = {
          restrict = true;
          command = "/usr/bin/tee -a \"$HOME/log\"";
        };
        hasAccessTo.backup.backup-store = true;
      };
    };

    backup = {
      hostKeys.ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFmQKv95azyh3YPO+g1/j3AJfWH3PN+NseCdo7Dy/5Ws";
      hostNames = [ "192.0.2.3" ];
    };
  };
}
