# Evaluates by Nix the machines of a network that plain-modules.ts has written down: { NAME = .drv; }. `nodesOf` gives
# them for the functions that their texts use; `only` are the names that are wanted.
{
  nodesOf,
  only,
  platform,
}:
let
  inherit (builtins)
    appendContext
    concatMap
    listToAttrs
    substring
    unsafeDiscardStringContext
    ;

  # Packages that definitions of built-in modules and of examples name, by derivation and output.
  packagesOf =
    pkgs:
    listToAttrs (
      concatMap (
        package:
        map (output: {
          name = "${unsafeDiscardStringContext package.drvPath}!${output}";
          value = package.${output};
        }) package.outputs
      ) (with pkgs; [ bash coreutils hello iproute nftables openvpn wireguard-tools ])
    );

  nodes = nodesOf {
    package = drv: output: known."${drv}!${output}" or (throw "plain-network.nix does not know ${drv}!${output}");
    sameContext = package: text: substring 0 0 "${package}" + text;
    withPath = path: text: appendContext text { ${path}.path = true; };
  };
  some = builtins.head (builtins.attrValues nodes);
  known = packagesOf (import some.nixpkgs { inherit (some) system; });

  configurations = builtins.mapAttrs (_: machine: machine.config) machines;
  machines = builtins.mapAttrs (
    name: node:
    import (node.nixpkgs + "/nixos/lib/eval-config.nix") {
      inherit (node) system;
      specialArgs = {
        inherit name;
        nodes = configurations;
      };
      modules = node.modules ++ [
        (platform + "/nixos/sshd.nix")
        (secretsModule node)
        publicIp
      ];
    }
  ) nodes;

  # Its definitions are written down with the others.
  publicIp =
    { lib, ... }:
    {
      options.networking.public = lib.mkOption { type = lib.types.attrs; };
    };

  # The module of the platform; its values were computed by us.
  secretsModule =
    { secrets, ... }@node:
    let
      inherit (import (node.nixpkgs + "/lib")) mkOptionType;
    in
    import (platform + "/../modules/secrets/nixos.nix") {
      secretFiles = mkOptionType {
        name = "resolved secrets";
        merge = _: _: secrets.files;
      };
      manifestOf = _: secrets.manifest;
      scripts = secrets.scripts;
    };
in
listToAttrs (
  map (name: {
    inherit name;
    value = machines.${name}.config.system.build.toplevel.drvPath;
  }) only
)
