/** Machines that stand for NixOS: those of the labs, with a first system in NixOS's shape (test/fixtures/nixpkgs). */
import type { Machine } from "./lib/index.ts";

export const nixConf = "build-users-group =\nsandbox = false\nsubstituters =\n";

/** What a NixOS machine has that was never deployed: a system that it runs and boots. */
export async function installFirstSystem(machine: Machine): Promise<void> {
  await machine.exec(`
    mkdir -p /tmp/first-system/bin
    cat >/tmp/first-system/bin/switch-to-configuration <<'SCRIPT'
#!/bin/sh
system=$(readlink -f "$0") && system=\${system%/bin/*}
case $1 in
test) ln -sfn "$system" /run/current-system ;;
boot) mkdir -p /boot && echo "$system" >/boot/default ;;
esac
SCRIPT
    chmod 755 /tmp/first-system/bin/switch-to-configuration
    system=$(nix-store --add /tmp/first-system)
    nix-env --profile /nix/var/nix/profiles/system --set "$system"
    ln -sfn "$system" /run/current-system
  `);
}
