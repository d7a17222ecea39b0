# A kernel of its own: package, patches, configuration, parameters, modules.
{ lib, pkgs, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  boot.kernelPackages = pkgs.linuxPackages_latest;
  boot.kernelPatches = [
    {
      name = "quiet-boot";
      patch = pkgs.writeText "quiet.patch" "--- a/Makefile\n+++ b/Makefile\n";
      extraConfig = ''
        LOGO n
        ZSMALLOC y
      '';
    }
  ];
  boot.extraModulePackages = [ pkgs.linuxPackages_latest.v4l2loopback ];
  boot.kernelModules = [ "v4l2loopback" "kvm-intel" ];
  boot.blacklistedKernelModules = [ "nouveau" ];
  boot.kernelParams = [ "console=ttyS0,115200n8" "mitigations=auto" "zswap.enabled=1" ];
  boot.kernel.sysctl = {
    "vm.swappiness" = 10;
    "net.core.rmem_max" = 4194304;
    "kernel.sysrq" = lib.mkForce 1;
  };
  boot.extraModprobeConfig = "options kvm_intel nested=1";
  boot.tmpOnTmpfs = true;
  powerManagement.cpuFreqGovernor = "performance";
  hardware.cpu.intel.updateMicrocode = true;
  hardware.enableRedistributableFirmware = true;
  services.udev.extraRules = ''KERNEL=="sd*", ATTR{queue/scheduler}="mq-deadline"'';
}
