# A graphical desktop with a login manager, sound, printing, fonts and input methods.
{ pkgs, ... }: {
  boot.loader.systemd-boot.enable = true;
  boot.loader.efi.canTouchEfiVariables = true;
  fileSystems."/" = {
    device = "/dev/disk/by-label/root";
    fsType = "ext4";
  };
  fileSystems."/boot" = {
    device = "/dev/disk/by-label/boot";
    fsType = "vfat";
  };
  networking.hostName = "desk";
  networking.networkmanager.enable = true;
  time.timeZone = "Europe/Berlin";
  i18n.defaultLocale = "de_DE.UTF-8";
  console.keyMap = "de";
  services.xserver = {
    enable = true;
    layout = "de,us";
    libinput.enable = true;
    displayManager.sddm.enable = true;
    desktopManager.plasma5.enable = true;
    windowManager.i3.enable = true;
    videoDrivers = [ "modesetting" ];
  };
  sound.enable = true;
  hardware.pulseaudio.enable = true;
  hardware.bluetooth.enable = true;
  services.printing = {
    enable = true;
    drivers = [ pkgs.gutenprint ];
  };
  fonts.fonts = with pkgs; [ noto-fonts dejavu_fonts ];
  environment.systemPackages = with pkgs; [ firefox thunderbird libreoffice gimp vlc emacs ];
  programs.gnupg.agent.enable = true;
  users.users.alice = {
    isNormalUser = true;
    extraGroups = [ "wheel" "networkmanager" ];
  };
}
