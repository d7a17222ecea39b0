/** `dns`: zones and records of the network, and the name servers that have them. */
import { NixError } from "../../../lang/eval/errors.ts";
import { fromText } from "../../../store/bytes.ts";
import { defineNetworkModule, type NetworkConfig } from "../../network/define.ts";
import { Problems, readEntries } from "./entries.ts";
import { showName } from "./name.ts";
import { namesOfNode } from "./node-names.ts";
import { dnsOptions } from "./options.ts";
import { type DnsPlan, type NodeFacts, planDns } from "./plan.ts";
import { publish } from "./published.ts";
import { renderZone } from "./zone-text.ts";

export const dnsModule = defineNetworkModule({
  file: import.meta.url,
  key: "nixus/dns",
  options: dnsOptions,
  config: ({ config: network }) => {
    const facts = factsOf(network);
    let made: DnsPlan | undefined;
    const plan = (): DnsPlan => {
      made ??= planDns(network.dns, facts);
      return made;
    };
    /** For values that are read where nobody looks at the network's assertions. */
    const soundPlan = (): DnsPlan => {
      const [problem] = plan().problems;
      if (problem !== undefined) throw new NixError("module", fromText(problem));
      return plan();
    };
    return {
      assertions: () => plan().problems.map((message) => ({ assertion: false, message })),
      dns: {
        published: () => soundPlan().zones.map(publish),
        zoneFiles: () =>
          Object.fromEntries(soundPlan().zones.map(({ zone }) => [showName(zone.name), renderZone(zone)])),
        names: () => {
          const entries = readEntries(network.dns, new Problems());
          return Object.fromEntries(
            facts.names.map((node) => [node, () => namesOfNode(node, entries, () => facts.addresses(node))]),
          );
        },
      },
    };
  },
});

function factsOf(network: NetworkConfig): NodeFacts {
  return {
    get names() {
      return Object.keys(network.nodes);
    },
    addresses: (node) => {
      const { ipv4, ipv6 } = network.nodes[node]!.configuration.networking.public;
      return [ipv4, ipv6].filter((address) => address !== null);
    },
    hostKeys: (node) => Object.values(network.ssh.access[node]?.hostKeys ?? {}),
  };
}
