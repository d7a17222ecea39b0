# Only what the assertions of NixOS ask for.
{ ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
}
