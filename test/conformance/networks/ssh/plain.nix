# The same machines, written out by hand for Nix: { NAME = .drv; }.
{ nixpkgs, sshd }:
let
  key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC";
  hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPEPjVU3/taJg8DSSl43GRSUImHR8j2vnuMb36YYWWht";
  known = name: {
    name = name;
    value = {
      hostNames = [
        name
        "${name}.example.com"
      ];
      publicKey = hostKey;
    };
  };
  machine =
    name: configuration:
    (import (nixpkgs + "/nixos") {
      system = "x86_64-linux";
      configuration = {
        imports = [
          ./machine.nix
          sshd
          configuration
        ];
        networking.hostName = name;
      };
    }).system.drvPath;
in
{
  one = machine "one" { programs.ssh.knownHosts = builtins.listToAttrs (map known [ "two" "four" ]); };
  two = machine "two" { users.users.bob.openssh.authorizedKeys.keys = [ key ]; };
  three = machine "three" { environment.etc.keys.text = key; };
  four = machine "four" (
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.hello ];
      users.users.root.openssh.authorizedKeys.keys = [ key ];
    }
  );
}
