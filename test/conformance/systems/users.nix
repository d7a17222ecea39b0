# People, groups, shells, sudo, and the ways in.
{ lib, pkgs, ... }:
let
  people = {
    alice = { uid = 1001; keys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAlice alice@laptop" ]; };
    bob = { uid = 1002; keys = [ ]; };
    carol = { uid = 1003; keys = [ "ssh-rsa AAAAB3NzaC1yc2ECarol carol" ]; };
  };
in {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  users.mutableUsers = false;
  users.defaultUserShell = pkgs.zsh;
  users.groups.staff.gid = 5000;
  users.users = {
    root.openssh.authorizedKeys.keys = people.alice.keys;
    backup = {
      isSystemUser = true;
      home = "/srv/backup";
      createHome = true;
      hashedPassword = "!";
    };
  } // lib.mapAttrs (name: person: {
    isNormalUser = true;
    inherit (person) uid;
    description = lib.toUpper (lib.substring 0 1 name) + lib.substring 1 (-1) name;
    extraGroups = [ "staff" ] ++ lib.optional (name == "alice") "wheel";
    openssh.authorizedKeys.keys = person.keys;
    packages = [ pkgs.git ];
  }) people;
  programs.zsh = {
    enable = true;
    autosuggestions.enable = true;
    shellAliases.ll = "ls -l";
  };
  programs.fish.enable = true;
  programs.mosh.enable = true;
  programs.ssh.knownHosts."git.example.org".publicKey =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGit";
  security.sudo.extraRules = [
    {
      groups = [ "staff" ];
      commands = [ { command = "ALL"; options = [ "NOPASSWD" ]; } ];
    }
  ];
  security.pam.loginLimits = [ { domain = "@staff"; type = "hard"; item = "nofile"; value = "8192"; } ];
  services.openssh = {
    enable = true;
    passwordAuthentication = false;
    permitRootLogin = "prohibit-password";
    listenAddresses = [ { addr = "0.0.0.0"; port = 2222; } ];
    extraConfig = ''
      Match Group staff
        AllowTcpForwarding no
    '';
  };
  services.fail2ban.enable = true;
}
