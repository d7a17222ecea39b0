// `node bench/network.mjs [NODES...]`: how long a network of so many nodes takes; default: 200 and 1000.
//
// Every node is on the `linux` platform and lets its two neighbours in over SSH; all are in one VPN; two of them serve 500
// DNS records. Nixus is the built program (npm run build); the time is of `nixus eval` of what a deployment needs of every
// node, from the start of the process to its end, without results of earlier evaluations.

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
  names = lib.genList (index: "node\${toString index}") count;
  neighbour = index: builtins.elemAt names (lib.mod (index + count) count);
  # 32 bytes in base64, as a public key of WireGuard, and as one of SSH.
  digits = index: lib.fixedWidthString 8 "0" (toString index);
  wireguardKey = index: "\${digits index}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  sshKey = kind: index: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\${kind}\${digits index}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
in
{
  defaults.platform = "linux";
  nodes = lib.listToAttrs (lib.imap0 (index: name: lib.nameValuePair name {
    host = "root@\${name}.example.com";
    configuration = { name, ... }: {
      networking.hostName = name;
      networking.public.ipv4 = "10.\${toString (index / 65536)}.\${toString (lib.mod (index / 256) 256)}.\${toString (lib.mod index 256)}";
      users.users.alice.isNormalUser = true;
      systemd.services.a = { script = "echo \${name}"; wantedBy = [ "multi-user.target" ]; };
      systemd.services.b = { script = "sleep 1"; after = [ "a.service" ]; };
    };
  }) names);

  ssh.access = lib.listToAttrs (lib.imap0 (index: name: lib.nameValuePair name {
    hostKeys.ed25519 = sshKey "A" index;
    keys.alice.publicKey = sshKey "B" index;
    keys.alice.hasAccessTo.\${neighbour (index + 1)}.alice = true;
    keys.alice.hasAccessTo.\${neighbour (index - 1)}.alice = true;
  }) names);

  vpn.networks.all = let
    member = index: {
      subnetIp = "172.\${toString (16 + index / 65536)}.\${toString (lib.mod (index / 256) 256)}.\${toString (lib.mod index 256)}";
      wireguard = { publicKey = wireguardKey index; privateKeyFile = "/etc/wireguard/key"; };
    };
  in {
    subnet = "172.16.0.0/12";
    server = member 1 // { node = "node0"; };
    clients = lib.listToAttrs (lib.imap1 (index: name: lib.nameValuePair name (member (index + 1))) (builtins.tail names));
  };

  dns.zones."example.org" = { primaryNode = "node0"; secondaryNodes = [ "node1" ]; transferKey = "transfer"; };
  dns.keys.transfer.keyFile = "/etc/transfer-key";
  dns.servers.node0.name = "ns1.example.net";
  dns.servers.node1.name = "ns2.example.net";
  dns.records = lib.listToAttrs (lib.genList (index:
    lib.nameValuePair "host\${toString index}.example.org" { A = "192.0.2.\${toString (lib.mod index 250)}"; }) ${records});
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
      [program, "eval", "--no-eval-cache", "-f", all, "--json", "systems"],
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
