// `node bench/network.mjs [NODES...]`: how long a network of so many nodes takes; default: 200 and 1000.
//
// Every node is on the `linux` platform, lets the users of its two neighbours in, has an address in one network, two
// services, and a file with all of 500 records. Nixus is the built program (npm run build); the time is of `nixus eval`
// of what a deployment needs of every node, from the start of the process to its end.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = join(import.meta.dirname, "../dist/cli/main.js");
const records = 500;
const sizes = process.argv.slice(2).map(Number);

/** @param {number} nodes */
function network(nodes) {
  return `{ config, lib, ... }:
let
  count = ${nodes};
  names = lib.genList (index: "node${"${toString index}"}") count;
  key = index: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'${lib.fixedWidthString 8 "0" (toString index)}'} user@node${"${toString index}"}";
in
{
  options.records = lib.mkOption { type = lib.types.attrsOf lib.types.str; };
  config = {
    records = lib.listToAttrs (lib.genList (index: lib.nameValuePair "host${"${toString index}"}.example.com" "192.0.2.${"${toString (lib.mod index 250)}"}") ${records});
    defaults.platform = "linux";
    nodes = lib.listToAttrs (lib.imap0 (index: name: lib.nameValuePair name {
      host = "root@${"${name}"}";
      configuration = { name, ... }: {
        networking.hostName = name;
        users.users.alice = {
          isNormalUser = true;
          openssh.authorizedKeys.keys = [ (key (lib.mod (index + 1) count)) (key (lib.mod (index + count - 1) count)) ];
        };
        systemd.network.networks.vpn = {
          matchConfig.Name = "wg0";
          address = [ "10.${"${toString (index / 65536)}"}.${"${toString (lib.mod (index / 256) 256)}"}.${"${toString (lib.mod index 256)}"}/8" ];
        };
        systemd.services.a = { script = "echo ${"${name}"}"; wantedBy = [ "multi-user.target" ]; };
        systemd.services.b = { script = "sleep 1"; after = [ "a.service" ]; };
        environment.etc."records".text = lib.concatStrings (lib.mapAttrsToList (host: address: "${"${address}"} ${"${host}"}\\n") config.records);
      };
    }) names);
  };
}
`;
}

const directory = mkdtempSync(join(tmpdir(), "nixus-bench-"));
try {
  for (const nodes of sizes.length > 0 ? sizes : [200, 1000]) {
    const file = join(directory, `${nodes}.nix`);
    writeFileSync(file, network(nodes));
    // A path of the store for every node: all of its configuration has been computed.
    const all = join(directory, `${nodes}-all.nix`);
    writeFileSync(
      all,
      `{ config, lib, ... }: { imports = [ ${file} ]; options.systems = lib.mkOption { };
         config.systems = map (node: "\${node.configuration.system.build.toplevel}") (builtins.attrValues config.nodes); }`,
    );
    const started = process.hrtime.bigint();
    const { status, stderr } = spawnSync(
      process.execPath,
      [program, "eval", "-f", all, "--json", "systems"],
      {
        stdio: ["ignore", "ignore", "pipe"],
        encoding: "utf8",
      },
    );
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (status !== 0) throw new Error(stderr);
    console.log(`${nodes} nodes: ${seconds.toFixed(2)} s, ${((seconds / nodes) * 1000).toFixed(2)} ms each`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
