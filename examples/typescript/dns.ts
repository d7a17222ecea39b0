// The zone of the machines: names for the outside, and below `vpn` those that lead through the VPN.
import { defineNetwork, mkMerge } from "nixus";

export default defineNetwork(({ config }) => ({
  // The name servers share it; `nixus secrets generate` made it.
  secrets: { "dns-transfer": { generate: { type: "random", alphabet: "base64", length: 32 } } },
  dns: {
    keys: { transfer: { secret: "dns-transfer" } },
    servers: {
      hub: { name: "ns1.lab.example.com" },
      nas: { name: "ns2.lab.example.com", software: "nsd" },
    },
    zones: {
      "lab.example.com": {
        primaryNode: "hub",
        secondaryNodes: ["nas"],
        transferKey: "transfer",
        soa: { email: "alice@example.com" },
      },
    },
    records: mkMerge([
      {
        "lab.example.com": { node: "hub" },
        "www.lab.example.com": { CNAME: "lab.example.com." },
      },
      // Reads what the VPN gives: computed when it is needed.
      () =>
        Object.fromEntries(
          Object.entries(config.vpn.networks["home"]!.addresses).map(([name, addresses]) => [
            `${name}.vpn.lab.example.com`,
            {
              A: addresses.filter((one) => !one.includes(":")),
              AAAA: addresses.filter((one) => one.includes(":")),
            },
          ]),
        ),
    ]),
  },
}));
