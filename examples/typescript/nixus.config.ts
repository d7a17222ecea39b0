// The network of examples/homelab in TypeScript: the same systems come out. `nixus deploy -f examples/typescript`
//
// What several machines have to agree on is checked in the editor; the machines' own configurations may stay as
// they are, in the Nix language.
import { defineNetwork } from "nixus";
import access from "./access.ts";
import dns from "./dns.ts";
import { forEach, machines } from "./machines.ts";
import sleep from "./sleep.ts";
import vpn from "./vpn.ts";

const configurations = {
  hub: "../homelab/hub.nix",
  nas: "../homelab/nas.nix",
  media: "../homelab/media.nix",
} as const;

export default defineNetwork(() => ({
  imports: [access, vpn, dns, sleep],
  defaults: ({ name }) => ({
    platform: "linux",
    deployers: [machines.desktop.userKey, machines.laptop.userKey],
    configuration: {
      networking: { hostName: name, firewall: { enable: true } },
      users: { users: { alice: { isNormalUser: true, shell: "/bin/bash" } } },
    },
  }),
  nodes: forEach((name) => ({
    host: machines[name].host,
    platform: "linux" as const,
    tags: ["nas", "desktop", "media"].includes(name) ? ["home"] : [],
    configuration: [
      { networking: { public: { ipv4: machines[name].publicIpv4 } } },
      ...(name in configurations ? [configurations[name as keyof typeof configurations]] : []),
    ],
  })),
}));
