/** What NixOS's `switch-to-configuration boot` does, on a virtual machine with Debian's kernel. */
import { kernelParameters } from "../../scripts/setup/vm-image.mjs";
import type { Activation } from "../deploy/trivial-system.ts";

/** Sets `number`, `target` and `options` for each generation of the profile, the newest first. */
const eachGeneration = `
generations() {
  for link in /nix/var/nix/profiles/system-*-link; do
    number=\${link#/nix/var/nix/profiles/system-}
    echo "\${number%-link}"
  done | sort -rn
}
options_of() {
  echo "init=$1/init root=LABEL=root ro ${kernelParameters} $(cat "$1/kernel-params" 2>/dev/null)"
}
`;

/** As nixos/modules/system/boot/loader/grub/install-grub.pl writes the menu. */
const grub = `
set -eu
${eachGeneration}
entry() {
  echo "menuentry \\"$1\\" {
    search --set=drive1 --label root
    linux (\\$drive1)/vmlinuz $(options_of "$2")
    initrd (\\$drive1)/initrd.img
  }"
}
{
  cat <<'END'
search --set=drive1 --label root
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "\${next_entry}" ]; then
  set default="\${next_entry}"
  set next_entry=
  save_env next_entry
  set timeout=1
else
  set default=0
  set timeout=0
fi
END
  entry "NixOS - Default" "$system"
  echo 'submenu "NixOS - All configurations" {'
  for number in $(generations); do
    entry "NixOS - Configuration $number" "$(readlink -f "/nix/var/nix/profiles/system-$number-link")"
  done
  echo '}'
} >/boot/grub/grub.cfg.tmp
mv /boot/grub/grub.cfg.tmp /boot/grub/grub.cfg
sync -f /boot/grub
`;

/** As nixos/modules/system/boot/loader/systemd-boot/systemd-boot-builder.py writes the entries. */
const systemdBoot = `
set -eu
${eachGeneration}
cd /boot/efi
kernel=$(echo debian/*/linux)
initrd=$(echo debian/*/initrd*)
for number in $(generations); do
  target=$(readlink -f "/nix/var/nix/profiles/system-$number-link")
  printf '%s\\n' "title NixOS" "version Generation $number" "linux /$kernel" "initrd /$initrd" \\
    "options $(options_of "$target")" >"loader/entries/nixos-generation-$number.conf.tmp"
  mv "loader/entries/nixos-generation-$number.conf.tmp" "loader/entries/nixos-generation-$number.conf"
  if [ "$target" = "$system" ]; then default=$number; fi
done
printf '%s\\n' "timeout 0" "default nixos-generation-$default.conf" >loader/loader.conf.tmp
mv loader/loader.conf.tmp loader/loader.conf
sync -f loader
`;

/** As a NixOS system starts: it makes itself the current one, then runs systemd. */
const init = `#!/bin/sh
system=$(readlink -f "$0") && system=\${system%/init}
ln -sfn "$system" /run/current-system
ln -sfn "$system" /run/booted-system
exec /lib/systemd/systemd
`;

/** A system of a NixOS machine with the boot loader of this firmware. */
export function bootable(firmware: "bios" | "uefi", files: Activation["files"] = {}): Activation {
  return { boot: `(${firmware === "bios" ? grub : systemdBoot})`, files: { init, ...files } };
}
