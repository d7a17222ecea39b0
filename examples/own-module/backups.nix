# Backups from machine to machine: a timer on the one, an account with a directory on the other, and the key between them.
{ config, lib, ... }:
let
  inherit (lib) mapAttrs mapAttrsToList mkOption types;

  backup = types.submodule {
    options = {
      to = mkOption {
        type = types.str;
        description = "The node that keeps the backups.";
      };
      paths = mkOption {
        type = types.listOf types.path;
        description = "What is backed up.";
      };
      startAt = mkOption {
        type = types.str;
        default = "daily";
        description = "When (systemd.time(7), calendar events).";
      };
      keepDays = mkOption {
        type = types.ints.positive;
        default = 30;
        description = "Days after which a backup is deleted.";
      };
      publicKey = mkOption {
        type = types.str;
        description = "The public key of /root/.ssh/backup on the machine.";
      };
    };
  };

  account = node: "backup-${node}";
  directory = node: "/srv/backups/${node}";

  # What the machine itself does.
  source = node: { to, paths, startAt, ... }: {
    systemd.services.backup = {
      inherit startAt;
      script = ''
        set -o pipefail
        tar -C / -cz ${lib.concatMapStringsSep " " (path: lib.escapeShellArg (lib.removePrefix "/" path)) paths} |
          ssh -o BatchMode=yes -i /root/.ssh/backup ${account node}@${to}
      '';
    };
  };

  # What the machine with the backups does.
  target = node: { keepDays, ... }: {
    users.users.${account node} = {
      isSystemUser = true;
      group = account node;
      home = directory node;
      shell = "/bin/sh";
    };
    users.groups.${account node} = { };
    systemd.tmpfiles.rules = [
      "d /srv/backups 0755 root root -"
      "d ${directory node} 0700 ${account node} ${account node} -"
    ];
    systemd.services."prune-${account node}" = {
      startAt = "daily";
      script = "find ${directory node} -name '*.tar.gz' -mtime +${toString keepDays} -delete\n";
      serviceConfig.User = account node;
    };
  };
in
{
  options.backups = mkOption {
    type = types.attrsOf backup;
    default = { };
    description = "Backups, by the node that is backed up.";
  };

  config = {
    nodes = lib.mkMerge (
      mapAttrsToList (node: settings: {
        ${node}.configuration = source node settings;
        ${settings.to}.configuration = target node settings;
      }) config.backups
    );

    # The key can do one thing: add a file.
    ssh.access = mapAttrs (node: { to, publicKey, ... }: {
      keys.backup = {
        inherit publicKey;
        options = {
          restrict = true;
          command = "umask 077; cat >\"$HOME/$(date +%Y-%m-%dT%H%M%S).tar.gz\"";
        };
        hasAccessTo.${to}.${account node} = true;
      };
    }) config.backups;
  };
}
