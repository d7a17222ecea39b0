/** WireGuard: `networking.wireguard.interfaces`. */
import { NixError } from "../../../../lang/eval/errors.ts";
import { mkIf } from "../../../../modules/define.ts";
import type { StoreString } from "../../../../modules/store-string.ts";
import { fromText } from "../../../../store/bytes.ts";
import type { Backend, Machine, Membership } from "../backend.ts";
import { hostAndPort } from "../endpoint.ts";
import { gatewayCommands, tunnelMark } from "../gateway.ts";
import { keyFileProblem, keyFileText } from "../key-file.ts";
import { type Member, vpnOption } from "../members.ts";
import { addressesWithPrefix, isReachable, type Link, linksOf, portOf, type VpnNetwork } from "../network.ts";

export const wireguardBackend: Backend = {
  name: "wireguard",
  problems,
  configuration: (machine) => {
    const used = () => machine.memberships().length > 0;
    const generated = () =>
      machine.memberships().filter(({ network, member }) => isGenerated(network, member));
    const gateway = () => machine.memberships().find(({ member }) => member.internetGateway);
    return {
      networking: {
        wireguard: {
          interfaces: mkIf(used, () =>
            Object.fromEntries(
              machine.memberships().map((one) => [one.network.interface, interfaceOf(one, machine)]),
            ),
          ),
        },
      },
      secrets: {
        files: mkIf(
          () => generated().length > 0,
          () =>
            Object.fromEntries(
              generated().map(({ network }) => [secretName(network), { generate: "wireguard" }]),
            ),
        ),
      },
      systemd: {
        services: mkIf(
          () => gateway() !== undefined,
          () => gatewayUnit(gateway(), machine),
        ),
      },
    };
  },
};

function interfaceOf({ network, member }: Membership, machine: Machine) {
  return {
    ips: () => addressesWithPrefix(network, member),
    privateKeyFile: () =>
      isGenerated(network, member)
        ? machine.secretFile(secretName(network))
        : privateKeyFile(network, member),
    listenPort: () => (isReachable(network, member) ? portOf(network, member) : null),
    peers: () =>
      linksOf(network, member)
        .filter(({ peer }) => !isInPreparation(network, peer))
        .map((link) => peerOf(network, link)),
    ...(member.internetGateway
      ? // The rules of the gateway are the routes; the subnet has one by the address.
        { allowedIPsAsRoutes: false, postSetup: `wg set ${network.interface} fwmark ${tunnelMark}` }
      : {}),
  };
}

function peerOf(network: VpnNetwork, { peer, allowed, endpoint, keepalive }: Link) {
  return {
    publicKey: publicKey(network, peer),
    allowedIPs: allowed,
    ...(endpoint !== null && { endpoint: hostAndPort(endpoint, portOf(network, peer)) }),
    ...(keepalive !== null && { persistentKeepalive: keepalive }),
  };
}

/**
 * Set up behind the peer: its name has to be found before everything goes through the tunnel, and is looked for again
 * when the peer is started again.
 */
function gatewayUnit(membership: Membership | undefined, { packages }: Machine) {
  const { network } = membership!;
  const name = network.interface;
  const commands = gatewayCommands(network, packages());
  const found = packages();
  const peer = `wireguard-${name}-peer-${escapedKey(publicKey(network, network.server!))}.service`;
  return {
    [`vpn-gateway-${name}`]: {
      description: `The internet through the VPN ${network.name}`,
      bindsTo: [peer],
      after: [peer],
      wantedBy: ["multi-user.target", peer],
      ...(found === undefined ? {} : { path: [found["iproute2"] ?? found["iproute"]] }),
      serviceConfig: { Type: "oneshot", RemainAfterExit: true },
      script: commands.up,
      postStop: commands.down,
    },
  };
}

/** A key in the name of a unit, as NixOS writes it. */
function escapedKey(key: string): string {
  return key.replaceAll("/", "-").replaceAll("+", "\\x2b").replaceAll("=", "\\x3d");
}

function publicKey(network: VpnNetwork, member: Member): string {
  return knownPublicKey(network, member) ?? fail(missingPublicKey(network, member));
}

/** Whether the member's key is one that `nixus vpn keys` makes: nothing is said of it. */
function isGenerated({ settings }: VpnNetwork, member: Member): boolean {
  // Keys are only read where they matter: they may come from the secrets that this decides on.
  const { wireguard } = member.settings;
  return settings.wireguard.generateKeys && wireguard.publicKey === null && wireguard.privateKeyFile === null;
}

/** Keys are made for nodes that are deployed: until then nobody has to know a client. */
function isInPreparation(network: VpnNetwork, member: Member): boolean {
  return (
    member.role === "client" &&
    !network.isEnabled(member.node) &&
    isGenerated(network, member) &&
    knownPublicKey(network, member) === null
  );
}

/** The secret of a node with its private key. */
const secretName = ({ name }: VpnNetwork) => `vpn-${name}`;

function knownPublicKey(network: VpnNetwork, member: Member): string | null {
  if (!isGenerated(network, member)) return member.settings.wireguard.publicKey;
  return network.generatedKey(member.node, secretName(network)) ?? null;
}

function privateKeyFile(network: VpnNetwork, member: Member): string | StoreString {
  return keyFileText(member.settings.wireguard.privateKeyFile ?? fail(missingPrivateKey(network, member)));
}

function fail(message: string): never {
  throw new NixError("module", fromText(message));
}

function problems(network: VpnNetwork): string[] {
  const owners = new Map<string, Member>();
  return network.members.flatMap((member) => {
    const option = keyOption(network, member, "publicKey");
    const key = knownPublicKey(network, member);
    if (isInPreparation(network, member)) return [];
    if (isGenerated(network, member)) return key === null ? [missingPublicKey(network, member)] : [];
    const found: string[] = [];
    if (key === null) found.push(missingPublicKey(network, member));
    else if (!isKey(key)) {
      found.push(
        `'${option}' is not a key of WireGuard; set it to what 'wg pubkey' gives for the node's private key`,
      );
    } else {
      const other = owners.get(key);
      if (other !== undefined) {
        found.push(
          `'${option}' is the key of '${other.node}' as well; give each member a key of its own (wg genkey)`,
        );
      }
      owners.set(key, member);
    }
    return [...found, ...privateKeyProblems(network, member)];
  });
}

function privateKeyProblems(network: VpnNetwork, member: Member): string[] {
  const file = member.settings.wireguard.privateKeyFile;
  if (file === null) return [missingPrivateKey(network, member)];
  const option = keyOption(network, member, "privateKeyFile");
  return keyFileProblem(option, file, member.node, () => network.secretNames(member.node));
}

/** 32 bytes in base64. */
function isKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(key);
}

function keyOption({ name }: VpnNetwork, { path }: Member, key: "publicKey" | "privateKeyFile"): string {
  return vpnOption(name, ...path, "wireguard", key);
}

function missingPublicKey(network: VpnNetwork, member: Member): string {
  if (isGenerated(network, member)) {
    const enabled = network.isEnabled(member.node) ? "" : ` once 'nodes.${member.node}.enabled' is true`;
    return `'${member.node}' has no key for the VPN '${network.name}' yet; run 'nixus vpn keys', which makes one${enabled}`;
  }
  return (
    `'${keyOption(network, member, "publicKey")}' is not set, but the others know '${member.node}' by it; ` +
    "set it to what 'wg pubkey' gives for the node's private key"
  );
}

function missingPrivateKey(network: VpnNetwork, member: Member): string {
  return (
    `'${keyOption(network, member, "privateKeyFile")}' is not set; ` +
    `set it to the file on '${member.node}' with the private key that 'wg genkey' made`
  );
}
