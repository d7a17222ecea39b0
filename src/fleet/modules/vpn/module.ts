/**
 * `vpn.networks`: virtual private networks between nodes. What all backends have in common is here; the tunnels
 * themselves are the backends' (backend.ts).
 */
import { mkIf, mkOverride } from "../../../modules/define.ts";
import type { View } from "../../../modules/view.ts";
import { type ConfigurationArgs, defineNetworkModule, type NetworkConfig } from "../../network/define.ts";
import type { NetworkSecrets } from "../secrets/resolve.ts";
import type { Backend, Machine, Membership } from "./backend.ts";
import { endpointOf } from "./endpoint.ts";
import { vpnSection } from "./lock-section.ts";
import { namesOf } from "./members.ts";
import { addressesOf, endpointNames, isReachable, portOf, type VpnNetwork, vpnNetwork } from "./network.ts";
import { openvpnBackend } from "./openvpn/backend.ts";
import { vpnOptions } from "./options.ts";
import { vpnProblems, vpnWarnings } from "./problems.ts";
import { wireguardBackend } from "./wireguard/backend.ts";

const backends: readonly Backend[] = [openvpnBackend, wireguardBackend];

/** The networks, and who is in which, computed once. */
interface Vpn {
  readonly networks: readonly VpnNetwork[];
  readonly memberships: ReadonlyMap<string, readonly Membership[]>;
  /** The names that tunnels are made to, in lower case: no hosts file may lead them into one. */
  outside(): ReadonlySet<string>;
}

export const vpnModule = (secrets: NetworkSecrets) =>
  defineNetworkModule({
    file: import.meta.url,
    key: "nixus/vpn",
    options: vpnOptions(secrets.lock),
    config: ({ config }) => {
      let known: Vpn | undefined;
      const vpn = (): Vpn => {
        known ??= vpnOf(config, secrets);
        return known;
      };
      const on = (node: string) => vpn().memberships.get(node) ?? [];
      return {
        assertions: () =>
          vpnProblems(vpn().networks, Object.keys(config.nodes), backends).map((message) => ({
            assertion: false,
            message,
          })),
        warnings: () => vpnWarnings(vpn().networks),
        ssh: { access: () => sshNames(vpn(), Object.keys(config.nodes)) },
        defaults: {
          configuration: [
            (args: ConfigurationArgs) =>
              commonConfiguration(
                () => on(args.name),
                () => vpn().outside(),
              ),
            ...backends.map(
              (backend) => (args: ConfigurationArgs) =>
                backend.configuration(machineOf(backend, config, args, () => on(args.name))),
            ),
          ],
        },
      };
    },
  });

function vpnOf(config: NetworkConfig, secrets: NetworkSecrets): Vpn {
  const networks = Object.entries(config.vpn.networks).map(([name, settings]) =>
    vpnNetwork(name, settings, {
      lock: secrets.lock.get(vpnSection),
      generatedKey: (node, secret) => secrets.generatedKey({ kind: "node", node, name: secret }),
      isEnabled: (node) => config.nodes[node]?.enabled ?? true,
      secretNames: (node) => Object.keys(config.nodes[node]?.configuration.secrets.files ?? {}),
      endpoint: (member, from) =>
        endpointOf(
          member,
          config.nodes[member.node],
          from === undefined ? undefined : config.nodes[from.node],
        ),
    }),
  );
  const memberships = new Map<string, Membership[]>();
  for (const network of networks) {
    for (const member of network.members) {
      const known = memberships.get(member.node) ?? [];
      memberships.set(member.node, [...known, { network, member }]);
    }
  }
  let names: ReadonlySet<string> | undefined;
  return {
    networks,
    memberships,
    outside: () => {
      names ??= new Set(networks.flatMap(endpointNames));
      return names;
    },
  };
}

function machineOf(
  backend: Backend,
  config: NetworkConfig,
  args: ConfigurationArgs,
  memberships: () => readonly Membership[],
): Machine {
  return {
    memberships: () => memberships().filter(({ network }) => network.backend === backend.name),
    secretFile: (name) => args.config.secrets.files[name]!.file,
    packages: () => (config.nodes[args.name]?.platform === "nixos" ? (args["pkgs"] as View) : undefined),
  };
}

/** Members are known to each other's ssh by the names and addresses that they have here. */
function sshNames({ memberships }: Vpn, nodes: readonly string[]) {
  return Object.fromEntries(
    [...memberships]
      .filter(([node]) => nodes.includes(node))
      .map(([node, all]) => [
        node,
        {
          hostNames: () =>
            all.flatMap(({ network, member }) => [
              ...namesOf(network.name, member),
              ...addressesOf(network, member),
            ]),
        },
      ]),
  );
}

function commonConfiguration(memberships: () => readonly Membership[], outside: () => ReadonlySet<string>) {
  const served = () => memberships().filter(({ member }) => member.role === "server");
  const nat = () =>
    served().filter(({ network }) => network.members.some((member) => member.internetGateway));
  const isServer = () => served().length > 0;
  const hasNat = () => nat().length > 0;
  return {
    boot: { kernel: { sysctl: mkIf(isServer, () => forwarding(served())) } },
    networking: {
      extraHosts: mkIf(
        () => memberships().length > 0,
        () => [...new Set(memberships().map(({ network }) => hostsOf(network, outside())))].join(""),
      ),
      firewall: {
        allowedUDPPorts: mkIf(
          () => memberships().length > 0,
          () =>
            memberships()
              .filter(({ network, member }) => isReachable(network, member))
              .map(({ network, member }) => portOf(network, member)),
        ),
        trustedInterfaces: mkIf(
          () => memberships().some(({ network }) => network.settings.trusted),
          () =>
            memberships()
              .filter(({ network }) => network.settings.trusted)
              .map(({ network }) => network.interface),
        ),
      },
      // IPv6 is an option of younger releases of NixOS: it is named where it is needed.
      nat: () => ({
        enable: mkIf(hasNat, true),
        externalInterface: mkIf(hasNat, () => nat()[0]?.network.settings.server?.externalInterface ?? null),
        internalIPs: mkIf(hasNat, () => nat().flatMap(({ network }) => gatewayClients(network, 4))),
        ...(hasNat() &&
          nat().some(({ network }) => network.subnets.some(({ version }) => version === 6)) && {
            enableIPv6: true,
            internalIPv6s: () => nat().flatMap(({ network }) => gatewayClients(network, 6)),
          }),
      }),
    },
  };
}

/**
 * Before what NixOS's own modules say of the same (98 and 99), which is the same and no more may be said twice; after
 * what people force.
 */
const asRouter = (value: boolean | number) => mkOverride(97, value);

/** Clients reach each other through the server. */
function forwarding(served: readonly Membership[]) {
  const versions = new Set(served.flatMap(({ network }) => network.subnets.map(({ version }) => version)));
  const external = served.flatMap(({ network }) => network.settings.server?.externalInterface ?? []);
  return {
    ...(versions.has(4) && { "net.ipv4.conf.all.forwarding": asRouter(true) }),
    ...(versions.has(6) && {
      "net.ipv6.conf.all.forwarding": asRouter(true),
      // A router takes no routes from others, unless it is told to.
      ...Object.fromEntries(
        ["all", "default", ...external].map((name) => [
          `net.ipv6.conf.${name.replaceAll(".", "/")}.accept_ra`,
          asRouter(2),
        ]),
      ),
    }),
  };
}

function gatewayClients(network: VpnNetwork, version: 4 | 6): string[] {
  return network.members
    .filter(({ internetGateway }) => internetGateway)
    .flatMap((member) => addressesOf(network, member))
    .filter((_, index) => network.subnets[index % network.subnets.length]?.version === version)
    .map((address) => `${address}/${version === 4 ? 32 : 128}`);
}

const hosts = new WeakMap<VpnNetwork, string>();

/** The lines of a hosts file: the same for all members, of which there may be many. */
function hostsOf(network: VpnNetwork, outside: ReadonlySet<string>): string {
  let text = hosts.get(network);
  if (text === undefined) {
    text = network.members
      .flatMap((member) => {
        const names = namesOf(network.name, member).filter((name) => !outside.has(name.toLowerCase()));
        if (names.length === 0) return [];
        return addressesOf(network, member).map((address) => `${address} ${names.join(" ")}\n`);
      })
      .join("");
    hosts.set(network, text);
  }
  return text;
}
