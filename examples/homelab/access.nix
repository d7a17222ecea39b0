# Who may log in where. The keys are authorized there, and the host keys known here.
{ config, lib, ... }:
let
  machines = import ./machines.nix;
  # Where alice works she may go everywhere.
  everywhere = lib.genAttrs (builtins.attrNames machines) (_: {
    alice = true;
  });
in
{
  ssh.access = lib.mkMerge [
    (lib.mapAttrs (_: machine: { hostKeys.ed25519 = machine.hostKey; }) machines)
    {
      desktop.keys.alice = {
        publicKey = machines.desktop.userKey;
        hasAccessTo = everywhere;
      };
      laptop.keys.alice = {
        publicKey = machines.laptop.userKey;
        hasAccessTo = everywhere;
      };
      # nas fetches hub's data, and can do nothing else there.
      nas.keys.backup = {
        publicKey = config.nodes.nas.configuration.secrets.files.backup-key.publicKey;
        options = {
          restrict = true;
          command = "/bin/tar --create --directory=/srv/www .";
        };
        hasAccessTo.hub.www-backup = true;
      };
    }
  ];
}
