# A VPN's hub, by scripts and by systemd-networkd.
{ pkgs, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  boot.kernel.sysctl."net.ipv4.ip_forward" = 1;
  networking = {
    useDHCP = false;
    useNetworkd = true;
    interfaces.eth0 = {
      useDHCP = true;
      ipv6.addresses = [ { address = "2001:db8::5"; prefixLength = 64; } ];
      ipv4.routes = [ { address = "10.9.0.0"; prefixLength = 16; via = "192.0.2.1"; } ];
    };
    vlans.guests = {
      id = 7;
      interface = "eth0";
    };
    bridges.br0.interfaces = [ "guests" ];
    firewall.allowedUDPPorts = [ 51820 ];
    firewall.extraCommands = "iptables -A FORWARD -i wg0 -j ACCEPT";
    wireguard.interfaces.wg0 = {
      ips = [ "10.100.0.1/24" "fd00::1/64" ];
      listenPort = 51820;
      privateKeyFile = "/var/lib/wireguard/key";
      postSetup = "${pkgs.iptables}/bin/iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE";
      peers = map (n: {
        publicKey = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
        allowedIPs = [ "10.100.0.${toString n}/32" ];
        persistentKeepalive = 25;
      }) [ 2 3 4 ];
    };
  };
  systemd.network.networks."40-uplink" = {
    matchConfig.Name = "en*";
    networkConfig.DHCP = "ipv6";
    linkConfig.RequiredForOnline = false;
  };
}
