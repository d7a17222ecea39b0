# Systems within the system, and other people's containers.
{ lib, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  networking.nat = {
    enable = true;
    internalInterfaces = [ "ve-+" ];
    externalInterface = "eth0";
  };
  containers = lib.genAttrs [ "blue" "green" ] (name: {
    autoStart = name == "blue";
    privateNetwork = true;
    hostAddress = "192.168.100.10";
    localAddress = if name == "blue" then "192.168.100.11" else "192.168.100.12";
    bindMounts."/data" = {
      hostPath = "/srv/${name}";
      isReadOnly = false;
    };
    config = { pkgs, ... }: {
      networking.firewall.allowedTCPPorts = [ 80 ];
      services.lighttpd.enable = true;
      environment.systemPackages = [ pkgs.htop ];
    };
  });
  virtualisation.docker = {
    enable = true;
    autoPrune.enable = true;
  };
  virtualisation.oci-containers.containers.echo = {
    image = "hashicorp/http-echo";
    cmd = [ "-text" "hello" ];
    ports = [ "5678:5678" ];
  };
}
