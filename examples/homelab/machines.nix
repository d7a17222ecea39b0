# What is particular to each machine: where it is, its host key (`nixus ssh-keys scan`), and alice's key where she works.
# These private keys never leave the machines.
{
  hub = {
    host = "root@hub.example.com";
    publicIpv4 = "192.0.2.1";
    hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcV/RTUlnW+WRZlSmxUFQVCy06WHTIPFNNLOzg6hoXt";
  };
  nas = {
    host = "root@nas.example.com";
    publicIpv4 = "192.0.2.2";
    hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC7994gmjQT/g478dkvJd9zySWrhzl0XelhGVTTpXQps";
  };
  desktop = {
    host = "root@desktop.example.com";
    publicIpv4 = null;
    hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFjH3z5huzaXbLqrcMU4KZ/7tL9f9kjhAWkrBSaLQOWc";
    userKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF6ojM/seK8d9gjiTWweSMz2nWdbvEJOwXZUg5aKPHCI";
  };
  media = {
    host = "root@media.example.com";
    publicIpv4 = null;
    hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIALydNe232ldphRZyu6q+sbliafgyx4Q5ZYDJ440IAYg";
  };
  laptop = {
    host = "root@laptop.example.com";
    publicIpv4 = null;
    hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOwxLEmmG5ZJDOmBdNw/lsNjNHJm9xwCb4Up985c8l3l";
    userKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFkSHCMCEQsj5I+jAN/+c2wjdeq4HCNnKocj8bTDrRer";
  };
}
