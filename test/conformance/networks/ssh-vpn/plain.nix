# The same machines, written out by hand for Nix: { NAME = .drv; }.
{ nixpkgs, sshd }:
let
  key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC";
  known = name: address: {
    hostNames = [
      name
      "${name}.example.com"
      "${name}.home"
      address
    ];
    publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPEPjVU3/taJg8DSSl43GRSUImHR8j2vnuMb36YYWWht";
  };
  vpn =
    {
      address,
      port ? null,
      peers,
    }:
    {
      networking = {
        extraHosts = ''
          10.100.0.1 one.home one
          10.100.0.4 four.home four
          10.100.0.3 three.home three
          10.100.0.2 two.home two
        '';
        firewall.trustedInterfaces = [ "home" ];
        wireguard.interfaces.home = {
          ips = [ "${address}/24" ];
          privateKeyFile = "/etc/wireguard-key";
          listenPort = port;
          inherit peers;
        };
      };
    };
  client =
    address:
    vpn {
      inherit address;
      peers = [
        {
          publicKey = "ZsrV4ozu3nzcGiBy3SQOqThT7MPAb2P20R5wrnAM3Ww=";
          allowedIPs = [ "10.100.0.0/24" ];
          endpoint = "192.0.2.1:51820";
          persistentKeepalive = 25;
        }
      ];
    };
  peer = address: publicKey: {
    inherit publicKey;
    allowedIPs = [ "${address}/32" ];
  };
  server = {
    imports = [
      (vpn {
        address = "10.100.0.1";
        port = 51820;
        peers = [
          (peer "10.100.0.4" "xFa8pynFa63ReSAPQedi6GTr9jWg0glscxmhevofZ2c=")
          (peer "10.100.0.3" "YnmNvGS2HIdgsGgW4cu1863BHr5LFnMNGwvZD6wPX0U=")
          (peer "10.100.0.2" "9L6ZYAXwfB9RuTfh5NJWHJlLmqQnrGTy7p5MWAr382k=")
        ];
      })
    ];
    networking.firewall.allowedUDPPorts = [ 51820 ];
    boot.kernel.sysctl."net.ipv4.conf.all.forwarding" = true;
  };
  machine =
    name: configurations:
    (import (nixpkgs + "/nixos") {
      system = "x86_64-linux";
      configuration = {
        imports = [
          ./machine.nix
          sshd
        ]
        ++ configurations;
        networking.hostName = name;
      };
    }).system.drvPath;
in
{
  one = machine "one" [
    server
    {
      programs.ssh.knownHosts = {
        two = known "two" "10.100.0.2";
        four = known "four" "10.100.0.4";
      };
    }
  ];
  two = machine "two" [
    (client "10.100.0.2")
    { users.users.bob.openssh.authorizedKeys.keys = [ key ]; }
  ];
  three = machine "three" [
    (client "10.100.0.3")
    { environment.etc.keys.text = key; }
  ];
  four = machine "four" [
    (client "10.100.0.4")
    (
      { pkgs, ... }:
      {
        environment.systemPackages = [ pkgs.hello ];
        users.users.root.openssh.authorizedKeys.keys = [ key ];
      }
    )
  ];
}
