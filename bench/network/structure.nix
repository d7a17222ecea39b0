# A network as a module system sees it, in the Nix language alone, so that Nix with nixpkgs' lib and Nixus with its own
# evaluate the same: one fixed point with a submodule for each node, whose configuration is an evaluation of its own;
# SSH access between neighbours, one VPN, and DNS records, which modules of the network turn into configuration.
{ lib, nodes, records }:
let
  inherit (lib) mkOption mkIf types;

  names = lib.genList (index: "node${toString index}") nodes;
  neighbour = index: builtins.elemAt names (lib.mod (index + nodes) nodes);
  address = index: "10.${toString (index / 65536)}.${toString (lib.mod (index / 256) 256)}.${toString (lib.mod index 256)}";

  unit = {
    options = {
      description = mkOption { type = types.str; default = ""; };
      wantedBy = mkOption { type = types.listOf types.str; default = [ ]; };
      after = mkOption { type = types.listOf types.str; default = [ ]; };
      environment = mkOption { type = types.attrsOf types.str; default = { }; };
      script = mkOption { type = types.lines; default = ""; };
      serviceConfig = mkOption { type = types.attrsOf (types.oneOf [ types.str types.int types.bool ]); default = { }; };
    };
  };

  user = { name, ... }: {
    options = {
      name = mkOption { type = types.str; default = name; };
      isNormalUser = mkOption { type = types.bool; default = false; };
      extraGroups = mkOption { type = types.listOf types.str; default = [ ]; };
      authorizedKeys = mkOption { type = types.listOf types.str; default = [ ]; };
    };
  };

  host = {
    options = {
      hostNames = mkOption { type = types.listOf types.str; default = [ ]; };
      publicKey = mkOption { type = types.str; };
    };
  };

  file = { name, ... }: {
    options = {
      target = mkOption { type = types.str; default = name; };
      text = mkOption { type = types.lines; };
      mode = mkOption { type = types.str; default = "symlink"; };
    };
  };

  # What a machine's configuration consists of.
  machine = { config, ... }: {
    options = {
      hostName = mkOption { type = types.str; };
      services = mkOption { type = types.attrsOf (types.submodule unit); default = { }; };
      users = mkOption { type = types.attrsOf (types.submodule user); default = { }; };
      knownHosts = mkOption { type = types.attrsOf (types.submodule host); default = { }; };
      etc = mkOption { type = types.attrsOf (types.submodule file); default = { }; };
      interfaces = mkOption { type = types.attrsOf (types.listOf types.str); default = { }; };
      system = mkOption { type = types.str; };
    };
    config = {
      etc.hostname.text = config.hostName;
      etc.known_hosts.text = lib.concatStrings (
        lib.mapAttrsToList (_: known: "${lib.concatStringsSep "," known.hostNames} ${known.publicKey}\n") config.knownHosts
      );
      system = builtins.hashString "sha256" (builtins.toJSON {
        inherit (config) services users etc interfaces;
      });
    };
  };

  node = { name, config, ... }: {
    options = {
      host = mkOption { type = types.str; default = name; };
      tags = mkOption { type = types.listOf types.str; default = [ ]; };
      modules = mkOption { type = types.listOf types.deferredModule; default = [ ]; };
      configuration = mkOption { type = types.raw; };
    };
    config.configuration = (lib.evalModules {
      modules = [ machine ] ++ config.modules;
      specialArgs = { inherit name; };
    }).config;
  };

  access = {
    options = {
      hostKey = mkOption { type = types.str; };
      publicKey = mkOption { type = types.str; };
      hasAccessTo = mkOption { type = types.attrsOf (types.attrsOf types.bool); default = { }; };
    };
  };

  network = { config, ... }: {
    options = {
      nodes = mkOption { type = types.attrsOf (types.submodule node); default = { }; };
      ssh.access = mkOption { type = types.attrsOf (types.submodule access); default = { }; };
      vpn.members = mkOption { type = types.attrsOf types.str; default = { }; };
      dns.records = mkOption { type = types.attrsOf (types.attrsOf types.str); default = { }; };
    };
  };

  ssh = { config, ... }:
    let
      grants = lib.concatLists (lib.mapAttrsToList (from: { publicKey, hasAccessTo, ... }:
        lib.concatLists (lib.mapAttrsToList (to: users:
          map (user: { inherit from to user publicKey; }) (builtins.attrNames (lib.filterAttrs (_: allowed: allowed) users))
        ) hasAccessTo)
      ) config.ssh.access);
      incoming = lib.groupBy (grant: grant.to) grants;
      outgoing = lib.groupBy (grant: grant.from) grants;
    in {
      config.nodes = lib.mapAttrs (name: _: {
        modules = [
          {
            users = mkIf (incoming ? ${name}) (lib.mapAttrs (_: keys: {
              authorizedKeys = map (grant: grant.publicKey) keys;
            }) (lib.groupBy (grant: grant.user) incoming.${name}));
            knownHosts = mkIf (outgoing ? ${name}) (lib.listToAttrs (map (grant: {
              name = grant.to;
              value = { hostNames = [ grant.to ]; publicKey = config.ssh.access.${grant.to}.hostKey; };
            }) outgoing.${name}));
          }
        ];
      }) config.ssh.access;
    };

  vpn = { config, ... }: {
    config.nodes = lib.mapAttrs (_: own: {
      modules = [ { interfaces.vpn = [ own ]; services.vpn = { wantedBy = [ "multi-user.target" ]; script = "vpn ${own}"; }; } ];
    }) config.vpn.members;
  };

  dns = { config, ... }: {
    config.nodes = lib.genAttrs [ "node0" ] (_: {
      modules = [
        {
          etc.zone.text = lib.concatStrings (lib.concatLists (lib.mapAttrsToList
            (name: lib.mapAttrsToList (type: value: "${name} IN ${type} ${value}\n")) config.dns.records));
        }
      ];
    });
  };

  # What a user writes.
  written = {
    nodes = lib.genAttrs names (_: {
      tags = [ "bench" ];
      modules = [
        ({ name, ... }: {
          hostName = name;
          users.alice = { isNormalUser = true; extraGroups = [ "wheel" ]; };
          services.a = { script = "echo ${name}"; wantedBy = [ "multi-user.target" ]; serviceConfig.Restart = "always"; };
          services.b = { script = "sleep 1"; after = [ "a.service" ]; environment.NAME = name; };
          etc.greeting.text = lib.mkDefault "Hello from ${name}";
        })
      ];
    });
    ssh.access = lib.listToAttrs (lib.imap0 (index: name: {
      inherit name;
      value = {
        hostKey = "ssh-ed25519 host-${name}";
        publicKey = "ssh-ed25519 user-${name}";
        hasAccessTo.${neighbour (index + 1)}.alice = true;
        hasAccessTo.${neighbour (index - 1)}.alice = true;
      };
    }) names);
    vpn.members = lib.listToAttrs (lib.imap0 (index: name: { inherit name; value = address index; }) names);
    dns.records = lib.listToAttrs (lib.genList (index: {
      name = "host${toString index}.example.com.";
      value.A = address index;
    }) records);
  };

  inherit (lib.evalModules { modules = [ network ssh vpn dns written ]; }) config;
in
lib.mapAttrsToList (_: { configuration, ... }: configuration.system) config.nodes
