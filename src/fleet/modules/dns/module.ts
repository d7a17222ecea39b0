/** `dns`: zones and records of the network, and the name servers that have them. */
import { NixError } from "../../../lang/eval/errors.ts";
import { mkAfter, mkIf } from "../../../modules/define.ts";
import { fromText } from "../../../store/bytes.ts";
import { defineNetworkModule, type NetworkConfig, type NodeConfiguration } from "../../network/define.ts";
import { secretSources } from "../secrets/options.ts";
import { Problems, readEntries } from "./entries.ts";
import { showName } from "./name.ts";
import { namesOfNode } from "./node-names.ts";
import { dnsOptions } from "./options.ts";
import { type DnsPlan, type NodeFacts, planDns } from "./plan.ts";
import { publish } from "./published.ts";
import {
  bindOptions,
  type Keys,
  keysOn,
  type NodeZones,
  nixosZone,
  nodesOfSecrets,
  nsdOptions,
  postStop,
  preStart,
  storeWriter,
  zonesOfNode,
  zonesUnit,
} from "./servers.ts";
import { renderZone } from "./zone-text.ts";

export const dnsModule = defineNetworkModule({
  file: import.meta.url,
  key: "nixus/dns",
  options: dnsOptions,
  config: ({ config: network, lib }) => {
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
    /** Whether a zone names the node; asked first, since the zones themselves need the addresses of others. */
    const isServer = (node: string) =>
      Object.values(network.dns.zones).some(
        ({ primaryNode, secondaryNodes }) => primaryNode === node || secondaryNodes.includes(node),
      );
    const zonesOf = (node: string): NodeZones | undefined =>
      isServer(node) ? zonesOfNode(soundPlan(), node) : undefined;
    const runs = (node: string, software: "bind" | "nsd") => zonesOf(node)?.server.software === software;
    const keysOf = (config: NodeConfiguration): Keys => keysOn(network.dns.keys, () => config.secrets.files);
    const options = (node: string, software: "bind" | "nsd", all: typeof bindOptions, keys: Keys) =>
      Object.fromEntries(
        Object.entries(all).map(([option, value]) => [
          option,
          mkIf(
            () => runs(node, software),
            () => value(zonesOf(node)!, keys),
          ),
        ]),
      );
    return {
      defaults: {
        configuration: ({ name: node, config }) => ({
          networking: {
            firewall: {
              allowedTCPPorts: mkIf(() => isServer(node), [53]),
              allowedUDPPorts: mkIf(() => isServer(node), [53]),
            },
          },
          services: {
            bind: options(node, "bind", bindOptions, keysOf(config)),
            nsd: {
              ...options(node, "nsd", nsdOptions, keysOf(config)),
              zones: mkIf(() => runs(node, "nsd") && network.nodes[node]?.platform === "nixos", nixosZone),
            },
          },
          systemd: {
            services: mkIf(
              () => zonesOf(node) !== undefined,
              () => units(zonesOf(node)!, keysOf(config), storeWriter(lib)),
            ),
          },
        }),
      },
      secrets: () => nodesOfSecrets(network.dns),
      // The nodes that there are, and nothing of the records: these may be made of what ssh.access says.
      ssh: {
        access: () =>
          Object.fromEntries(
            facts.names().map((node) => [node, { hostNames: () => network.dns.names[node] ?? [] }]),
          ),
      },
      assertions: () => plan().problems.map((message) => ({ assertion: false, message })),
      dns: {
        published: () => soundPlan().zones.map(publish),
        zoneFiles: () =>
          Object.fromEntries(soundPlan().zones.map(({ zone }) => [showName(zone.name), renderZone(zone)])),
        names: () => {
          const entries = readEntries(network.dns, new Problems());
          return Object.fromEntries(
            facts.names().map((node) => [
              node,
              () =>
                namesOfNode(node, entries, {
                  addresses: () => facts.addresses(node),
                  server: isServer(node) ? (network.dns.servers[node]?.name ?? null) : null,
                }),
            ]),
          );
        },
      },
    };
  },
});

function units(zones: NodeZones, keys: Keys, toFile: ReturnType<typeof storeWriter>) {
  return {
    [zones.server.software]: {
      preStart: mkAfter(() => preStart(zones, keys)),
      postStop: mkAfter(() => postStop(zones)),
    },
    ...(zones.primary.length === 0 ? {} : { "nixus-dns-zones": zonesUnit(zones, toFile) }),
  };
}

function factsOf(network: NetworkConfig): NodeFacts {
  return {
    names: () => Object.keys(network.nodes),
    addresses: (node) => {
      const { ipv4, ipv6 } = network.nodes[node]!.configuration.networking.public;
      return [ipv4, ipv6].filter((address) => address !== null);
    },
    hostKeys: (node) => Object.values(network.ssh.access[node]?.hostKeys ?? {}),
    secret: (name) => {
      const said = network.secrets[name];
      const hasSource = said !== undefined && secretSources.some((source) => said[source] !== null);
      return hasSource ? { generator: said.generate } : undefined;
    },
  };
}
