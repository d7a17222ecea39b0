# A module for the stand-in of nixpkgs: its systems have the `switch-to-configuration.pl` of a real nixpkgs, `script`, with
# Debian's perl and programs, and the files that it expects of a system.
{ script }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  services = lib.filterAttrs (_: service: service.script != null) config.systemd.services;

  # A unit is known by the store path of its file.
  unit =
    name: service:
    pkgs.writeText "unit-${name}.service" ''
      [Unit]
      X-StopIfChanged=${lib.boolToString service.stopIfChanged}
      [Service]
      Type=oneshot
      RemainAfterExit=yes
      ExecStart=/bin/sh ${pkgs.writeText "${name}.sh" service.script}
    '';

  activate = pkgs.writeText "activate.sh" ''
    #!/bin/sh
    system=$1
    status=0
    (. "$system/activation") || status=1
    for file in "$system"/etc/*; do
      case $file in */systemd) ;; *) cp -rf "$file" /etc/ ;; esac
    done
    units=/etc/systemd/system
    mkdir -p $units/multi-user.target.wants
    for link in $units/*.service $units/multi-user.target.wants/*.service; do
      case $(readlink "$link") in /nix/store/*) rm "$link" ;; esac
    done
    for file in "$system"/etc/systemd/system/*; do
      name=''${file##*/}
      ln -sfn "$(readlink "$file")" "$units/$name"
      case $name in *.service) ln -sfn "$(readlink "$file")" "$units/multi-user.target.wants/$name" ;; esac
    done
    ln -sfn "$system" /run/current-system
    exit $status
  '';

  installBootLoader = pkgs.writeText "install-boot-loader.sh" ''
    (. "$1/boot-loader") || exit 1
    mkdir -p /boot
    echo "$1" >/boot/default
  '';

  etc = lib.concatStrings (
    lib.mapAttrsToList (name: file: ''
      mkdir -p "$(dirname "$out/etc/${name}")"
      cp ${pkgs.writeText (baseNameOf name) file.text} "$out/etc/${name}"
    '') config.environment.etc
  );
  units = lib.concatStrings (
    lib.mapAttrsToList (name: service: ''
      ln -s ${unit name service} "$out/etc/systemd/system/${name}.service"
    '') services
  );
in
{
  system.build = lib.mkForce {
    toplevel = pkgs.runCommand "nixos-system-${config.networking.hostName}-20.09" { } ''
      mkdir -p "$out/bin" "$out/sw" "$out/etc/systemd/system"
      ${etc}
      ${units}
      ln -s /usr/lib/systemd/system/multi-user.target "$out/etc/systemd/system/multi-user.target"
      ln -s ${pkgs.writeText "activation.sh" config.system.activationScript} "$out/activation"
      ln -s ${pkgs.writeText "boot-loader.sh" config.boot.loader.script} "$out/boot-loader"
      cp ${activate} "$out/activate"
      chmod 755 "$out/activate"
      ln -s /usr/bin "$out/sw/bin"
      echo 20.09 > "$out/nixos-version"
      printf 2 > "$out/init-interface-version"
      sed -e 's,@perl@,/usr/bin/perl,' -e "s,@out@,$out,g" -e 's,@localeArchive@,,g' \
        -e 's,@systemd@,/usr,g' -e 's,@coreutils@,/usr,g' -e 's,@utillinux@,/usr,g' \
        -e 's,@su@,/usr/bin/su,g' -e 's,@shell@,/bin/sh,g' \
        -e 's,@installBootLoader@,/bin/sh ${installBootLoader},g' ${script} > "$out/bin/switch-to-configuration"
      chmod 755 "$out/bin/switch-to-configuration"
    '';
  };
}
