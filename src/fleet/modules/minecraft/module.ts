/** `minecraft`: game servers on demand, and the records that lead to them. */
import { NixError } from "../../../lang/eval/errors.ts";
import { mkIf } from "../../../modules/define.ts";
import { concatText, type StoreString } from "../../../modules/store-string.ts";
import { fromText } from "../../../store/bytes.ts";
import { defineNetworkModule, type NetworkConfig } from "../../network/define.ts";
import { unknownNode } from "../unknown-node.ts";
import { type MinecraftServer, minecraftOptions } from "./options.ts";
import { services, sockets } from "./units.ts";

type Servers = NetworkConfig["minecraft"]["servers"];

export const minecraftModule = defineNetworkModule({
  file: import.meta.url,
  key: "nixus/minecraft",
  options: minecraftOptions,
  config: ({ config: network }) => ({
    assertions: () =>
      problems(network.minecraft.servers, Object.keys(network.nodes)).map((message) => ({
        assertion: false,
        message,
      })),
    dns: {
      records: mkIf(
        () => Object.values(network.minecraft.servers).some(({ domain }) => domain !== null),
        () => records(network),
      ),
    },
    defaults: {
      configuration: (args) => {
        const here = () =>
          Object.entries(network.minecraft.servers).filter(([, { node }]) => node === args.name);
        const any = () => here().length > 0;
        return {
          systemd: {
            sockets: mkIf(any, () => merged(here().map(([name, server]) => sockets(name, server)))),
            services: mkIf(any, () =>
              merged(
                here().map(([name, server]) =>
                  services(name, server, () => commandOf(network, name, server, () => args["pkgs"])),
                ),
              ),
            ),
          },
          networking: {
            firewall: {
              allowedTCPPorts: mkIf(any, () =>
                here().flatMap(([, { openFirewall, port }]) => (openFirewall ? [port] : [])),
              ),
            },
          },
        };
      },
    },
  }),
});

function merged<T>(sets: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  return Object.assign({}, ...sets) as Record<string, T>;
}

/** What nixpkgs' packages are to this module. */
interface Packages {
  readonly "minecraft-server": { readonly outPath: StoreString };
}

function commandOf(
  network: NetworkConfig,
  name: string,
  { node, command, jvmOpts }: MinecraftServer,
  packages: () => unknown,
): string | StoreString {
  if (command !== null) return command;
  if (network.nodes[node]?.platform === "linux")
    throw problem(
      `node '${node}' has no nixpkgs to take a game server from; set 'minecraft.servers.${name}.command'`,
    );
  const { outPath } = (packages() as Packages)["minecraft-server"];
  return concatText([outPath, `/bin/minecraft-server ${jvmOpts}`]);
}

/** The node's addresses under the name, and where its server's port is. */
function records(network: NetworkConfig) {
  return merged(
    Object.values(network.minecraft.servers).flatMap(({ domain, node, port }) => {
      if (domain === null) return [];
      const name = `${domain.replace(/\.$/, "")}.`;
      return [
        {
          [name]: { A: () => addresses(network, node, "ipv4"), AAAA: () => addresses(network, node, "ipv6") },
          [`_minecraft._tcp.${name}`]: { SRV: { priority: 0, weight: 5, port, target: name } },
        },
      ];
    }),
  );
}

function addresses(network: NetworkConfig, node: string, version: "ipv4" | "ipv6"): string[] {
  const { ipv4, ipv6 } = network.nodes[node]!.configuration.networking.public;
  if (ipv4 === null && ipv6 === null)
    throw problem(
      `node '${node}' has no public address for the name of its game server; set 'nodes.${node}.configuration.networking.public.ipv4'`,
    );
  const address = version === "ipv4" ? ipv4 : ipv6;
  return address === null ? [] : [address];
}

function problems(servers: Servers, nodes: readonly string[]): string[] {
  const found: string[] = [];
  const ports = new Map<string, string>();
  for (const [name, { node, port, internalPort }] of Object.entries(servers)) {
    const option = `minecraft.servers.${name}`;
    // It stands in names of units and directories.
    if (!/^[A-Za-z0-9_.-]+$/.test(name))
      found.push(`'minecraft.servers': the name '${name}' may only have letters, digits and _.-`);
    if (!nodes.includes(node)) found.push(unknownNode(`${option}.node`, node, nodes));
    for (const [key, number] of [
      ["port", port],
      ["internalPort", internalPort],
    ] as const) {
      const place = `${node}:${number}`;
      const other = ports.get(place);
      if (other !== undefined)
        found.push(`'${option}.${key}': ${number} on node '${node}' is '${other}' already; choose another`);
      ports.set(place, `${option}.${key}`);
    }
  }
  return found;
}

const problem = (message: string) => new NixError("module", fromText(message));
