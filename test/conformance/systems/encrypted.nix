# Encrypted disks, unlocked over the network; swap, RAID and LVM below.
{ ... }: {
  boot.loader.grub = {
    enable = true;
    version = 2;
    efiSupport = true;
    efiInstallAsRemovable = true;
    device = "nodev";
    enableCryptodisk = true;
  };
  boot.initrd = {
    availableKernelModules = [ "ahci" "nvme" "virtio_pci" "e1000e" ];
    luks.reusePassphrases = true;
    luks.devices = {
      root = {
        device = "/dev/disk/by-uuid/11111111-2222-3333-4444-555555555555";
        preLVM = true;
        allowDiscards = true;
      };
      data = {
        device = "/dev/md/data";
        keyFile = "/dev/disk/by-partlabel/key";
        keyFileSize = 4096;
        fallbackToPassword = true;
      };
    };
    network = {
      enable = true;
      ssh = {
        enable = true;
        port = 2222;
        hostKeys = [ "/etc/secrets/initrd/host_key" ];
        authorizedKeys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIUnlock unlock" ];
      };
    };
    mdadmConf = "ARRAY /dev/md/data metadata=1.2 UUID=0:0:0:0";
  };
  fileSystems = {
    "/" = { device = "/dev/mapper/vg-root"; fsType = "btrfs"; options = [ "subvol=root" "compress=zstd" ]; };
    "/data" = { device = "/dev/mapper/data"; fsType = "xfs"; };
    "/boot" = { device = "/dev/disk/by-label/EFI"; fsType = "vfat"; };
  };
  swapDevices = [ { device = "/dev/mapper/vg-swap"; randomEncryption.enable = true; } ];
  zramSwap.enable = true;
}
