// The network of examples/hello in TypeScript, with a second machine. `nixus deploy -f examples/typescript`
import { defineNetwork, mkForce } from "nixus";
import hello from "./hello.ts";

export default defineNetwork(({ config }) => ({
  imports: [hello, "./hosts.nix"],
  hello: {
    foo: { address: "192.0.2.1" },
    bar: { address: "192.0.2.2", greeting: "Good morning" },
  },
  nodes: {
    bar: {
      platform: "linux",
      configuration: ({ nodes }) => ({
        networking: { hostName: "bar" },
        // Reads what another machine's configuration comes to.
        systemd: {
          services: {
            hello: { description: mkForce(() => `Like that of ${nodes["foo"]?.networking.hostName}`) },
          },
        },
      }),
    },
  },
  warnings: () => (config.nodes["foo"]?.host === null ? ["foo is never deployed"] : []),
}));
