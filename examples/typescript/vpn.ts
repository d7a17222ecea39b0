// One network for all machines, wherever they are: `ssh desktop.home` works from everywhere.
// `nixus lock` gave the addresses that are not said here, `nixus vpn keys` made the keys. The public ones and the addresses
// are kept in nixus.lock, the private ones, encrypted to alice, in secrets/.
import { defineNetwork } from "nixus";

export default defineNetwork(() => ({
  vpn: {
    networks: {
      home: {
        subnet: "10.100.0.0/24",
        subnet6: "fd42:100::/64",
        trusted: true,
        wireguard: { generateKeys: true },
        server: { node: "hub", subnetIp: "10.100.0.1" },
        clients: {
          nas: {},
          desktop: {},
          media: {},
          laptop: { internetGateway: true },
        },
      },
    },
  },
  // Machines without WireGuard in their kernel.
  defaults: { configuration: { environment: { systemPackages: ["wireguard-go"] } } },
}));
