// One network for all machines, wherever they are: `ssh desktop.home` works from everywhere.
// `nixus lock` gave the addresses that are not said here; they are kept in nixus.lock.
import { defineNetwork } from "nixus";
import { type MachineName, machines } from "./machines.ts";

const keys = (name: MachineName) => ({
  wireguard: { publicKey: machines[name].wireguardKey, privateKeyFile: "/etc/homelab/wireguard" },
});

export default defineNetwork(() => ({
  vpn: {
    networks: {
      home: {
        subnet: "10.100.0.0/24",
        subnet6: "fd42:100::/64",
        trusted: true,
        server: { node: "hub", subnetIp: "10.100.0.1", ...keys("hub") },
        clients: {
          nas: keys("nas"),
          desktop: keys("desktop"),
          media: keys("media"),
          laptop: { ...keys("laptop"), internetGateway: true },
        },
      },
    },
  },
  // Machines without WireGuard in their kernel.
  defaults: { configuration: { environment: { systemPackages: ["wireguard-go"] } } },
}));
