// Who may log in where. The keys are authorized there, and the host keys known here.
import { defineNetwork } from "nixus";
import { forEach, machines } from "./machines.ts";

// Where alice works she may go everywhere.
const everywhere = forEach(() => ({ alice: true }));
const workplace = (name: "desktop" | "laptop") => ({
  keys: { alice: { publicKey: machines[name].userKey, hasAccessTo: everywhere } },
});

export default defineNetwork(({ config }) => ({
  ssh: {
    access: {
      ...forEach((name) => ({ hostKeys: { ed25519: machines[name].hostKey } })),
      desktop: { hostKeys: { ed25519: machines.desktop.hostKey }, ...workplace("desktop") },
      laptop: { hostKeys: { ed25519: machines.laptop.hostKey }, ...workplace("laptop") },
      nas: {
        hostKeys: { ed25519: machines.nas.hostKey },
        keys: {
          // nas fetches hub's data, and can do nothing else there.
          backup: {
            publicKey: () => config.nodes["nas"]!.configuration.secrets.files["backup-key"]!.publicKey!,
            options: { restrict: true, command: "/bin/tar --create --directory=/srv/www ." },
            hasAccessTo: { hub: { "www-backup": true } },
          },
        },
      },
    },
  },
}));
