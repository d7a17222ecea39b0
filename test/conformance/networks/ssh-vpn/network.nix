# Four machines with logins between them and a VPN. $NIXUS_NIXPKGS is the nixpkgs.
{ lib, ... }:
let
  hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPEPjVU3/taJg8DSSl43GRSUImHR8j2vnuMb36YYWWht";
  member = number: publicKey: {
    subnetIp = "10.100.0.${toString number}";
    wireguard = {
      inherit publicKey;
      privateKeyFile = "/etc/wireguard-key";
    };
  };
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
  nodes.one.configuration.networking.public.ipv4 = "192.0.2.1";
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

  vpn.networks.home = {
    subnet = "10.100.0.0/24";
    trusted = true;
    server = {
      node = "one";
    }
    // member 1 "ZsrV4ozu3nzcGiBy3SQOqThT7MPAb2P20R5wrnAM3Ww=";
    clients.two = member 2 "9L6ZYAXwfB9RuTfh5NJWHJlLmqQnrGTy7p5MWAr382k=";
    clients.three = member 3 "YnmNvGS2HIdgsGgW4cu1863BHr5LFnMNGwvZD6wPX0U=";
    clients.four = member 4 "xFa8pynFa63ReSAPQedi6GTr9jWg0glscxmhevofZ2c=";
  };
}
