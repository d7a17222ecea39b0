# What all machines have, in the network and without it.
{ ... }:
{
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  services.openssh.enable = true;
  users.users.alice.isNormalUser = true;
  users.users.bob.isNormalUser = true;
}
