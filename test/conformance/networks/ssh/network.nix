# Four machines with logins between them. $NIXUS_NIXPKGS is the nixpkgs.
{ lib, ... }:
let
  hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPEPjVU3/taJg8DSSl43GRSUImHR8j2vnuMb36YYWWht";
in
{
  defaults =
    { name, ... }:
    {
      nixpkgs = /. + builtins.getEnv "NIXUS_NIXPKGS";
      host = "root@${name}.example.com";
      configuration = {
        imports = [ ./machine.nix ];
        networking.hostName = lib.mkDefault name;
      };
    };
  nodes.one = { };
  nodes.two = { };
  nodes.three.configuration =
    { nodes, ... }:
    {
      environment.etc.keys.text = lib.concatStringsSep "\n" nodes.two.users.users.bob.openssh.authorizedKeys.keys;
    };
  nodes.four.configuration = { pkgs, ... }: { environment.systemPackages = [ pkgs.hello ]; };

  ssh.access = {
    one.keys.alice = {
      publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC";
      hasAccessTo.two.bob = true;
      hasAccessTo.four.root = true;
    };
    two.hostKeys.ed25519 = hostKey;
    four.hostKeys.ed25519 = hostKey;
  };
}
