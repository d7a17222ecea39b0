/**
 * `networking.wireguard`: a service for each interface, `wireguard-<name>`, and one for each of its peers, so that a
 * changed peer leaves the others alone; as on NixOS.
 */
import { type ConfigOf, defineModule, mkIf, mkOverride, option } from "../../../../modules/define.ts";
import { optionDefaultPriority } from "../../../../modules/properties.ts";
import { concatText, text } from "../../../../modules/store-string.ts";
import { t } from "../../../../modules/types/index.ts";
import { shellWord } from "../../../shell-words.ts";
import { packageOption } from "./packages.ts";
import {
  commands,
  interfaceAssertions,
  interfaceKey,
  interfaceService,
  nullOrText,
  peerOptions,
  type Text,
} from "./wireguard-peers.ts";

const file = import.meta.url;

const peer = {
  ...peerOptions,
  name: option({
    type: t.nullOr(t.strMatching("[a-zA-Z0-9_.-]+")),
    default: null,
    description: "Stands in the name of the peer's unit; null: its public key does.",
  }),
} as const;

const wireguardInterface = {
  ...interfaceKey,
  ips: option({
    type: t.listOf(t.str),
    default: [],
    example: ["192.168.2.1/24"],
    description: "Addresses of the interface, with prefix length.",
  }),
  generatePrivateKeyFile: option({
    type: t.bool,
    default: false,
    description: "Whether `privateKeyFile` is made, with a new key, where it is not there.",
  }),
  preSetup: commands("Commands that are run before the interface is set up."),
  postSetup: commands("Commands that are run when it is set up."),
  postShutdown: commands("Commands that are run when it is gone."),
  table: option({
    type: t.str,
    default: "main",
    description: "The routing table that gets the routes to `allowedIPs`.",
  }),
  metric: option({
    type: t.nullOr(t.ints.unsigned),
    default: null,
    example: 700,
    description: "The metric of these routes.",
  }),
  fwMark: nullOrText("The mark of the packets that the interface sends, e.g. for routing rules.", "0x6e6978"),
  allowedIPsAsRoutes: option({
    type: t.bool,
    default: true,
    description: "Whether there are routes to the `allowedIPs` of the peers.",
  }),
  socketNamespace: nullOrText("The network namespace in which the interface is made and sends."),
  interfaceNamespace: nullOrText(
    "The network namespace that the interface is moved to; `init` is the first one.",
  ),
  peers: option({
    type: t.listOf(t.submodule({ file, options: peer })),
    default: [],
    description: "Its peers.",
  }),
} as const;

type Interface = ConfigOf<typeof wireguardInterface>;
type Peer = ConfigOf<typeof peer>;

export const wireguardOptions = defineModule({
  file,
  options: {
    networking: {
      wireguard: {
        enable: option({
          type: t.bool,
          defaultText: "whether there are `interfaces`",
          description: "`false`: as if there were no `interfaces`.",
        }),
        package: packageOption("wireguard-tools", "`wg` and `wg-quick`"),
        interfaces: option({
          type: t.attrsOf(t.submodule({ file, options: wireguardInterface })),
          default: {},
          description:
            "WireGuard interfaces, by name. Where the kernel has no WireGuard, wireguard-go is used if it is installed.",
        }),
      },
    },
  },
  config: ({ config }) => {
    const wireguard = () => config.networking.wireguard;
    const used = () => wireguard().enable;
    return {
      assertions: mkIf(used, () =>
        Object.entries(wireguard().interfaces).flatMap(([name, one]) => [
          ...interfaceAssertions(`networking.wireguard.interfaces.${name}`, name, one, one.peers),
          {
            assertion: !one.generatePrivateKeyFile || one.privateKeyFile !== null,
            message: `'networking.wireguard.interfaces.${name}.generatePrivateKeyFile' needs 'privateKeyFile'`,
          },
        ]),
      ),
      environment: {
        systemPackages: mkIf(
          () => used() && wireguard().package !== null,
          () => [wireguard().package],
        ),
      },
      networking: {
        wireguard: {
          enable: mkOverride(optionDefaultPriority, () => Object.keys(wireguard().interfaces).length > 0),
        },
      },
      systemd: {
        services: mkIf(used, () =>
          Object.fromEntries(
            Object.entries(wireguard().interfaces).flatMap(([name, one]) => interfaceUnits(name, one)),
          ),
        ),
      },
    };
  },
});

function interfaceUnits(name: string, one: Interface): [string, object][] {
  return [
    [`wireguard-${name}`, interfaceUnit(name, one)],
    ...one.peers.map((peer): [string, object] => [peerUnitName(name, peer), peerUnit(name, one, peer)]),
    ...(one.generatePrivateKeyFile
      ? [[`wireguard-${name}-key`, keyUnit(name, one)] as [string, object]]
      : []),
  ];
}

function interfaceUnit(name: string, one: Interface) {
  const { socketNamespace, interfaceNamespace } = one;
  const before = inNamespace(socketNamespace);
  const after = inNamespace(interfaceNamespace ?? socketNamespace);
  const dev = shellWord(name);
  const moved = interfaceNamespace !== null && interfaceNamespace !== socketNamespace;
  return {
    description: `WireGuard Tunnel - ${name}`,
    after: ["network-pre.target"],
    wants: ["network.target"],
    before: ["network.target"],
    wantedBy: ["multi-user.target"],
    environment: { DEVICE: name },
    serviceConfig: interfaceService,
    script: concatText(
      [
        "modprobe -q wireguard 2>/dev/null || true",
        one.preSetup,
        userspaceFallback(before, dev),
        ...(moved ? [text`${before}ip link set dev ${dev} netns ${namespaceWord(interfaceNamespace)}`] : []),
        ...one.ips.map((ip) => text`${after}ip address add ${shellWord(ip)} dev ${dev}`),
        ...privateKey(one).map((key) =>
          concatText([
            text`${after}wg set ${dev} private-key ${key}`,
            ...(one.listenPort === null ? [] : [` listen-port ${one.listenPort}`]),
            ...(one.fwMark === null ? [] : [text` fwmark ${shellWord(one.fwMark)}`]),
          ]),
        ),
        ...(one.mtu === null ? [] : [text`${after}ip link set dev ${dev} mtu ${one.mtu}`]),
        text`${after}ip link set up dev ${dev}`,
        one.postSetup,
      ],
      "\n",
    ),
    postStop: concatText(
      [
        // wireguard-go has taken its device with it; a start that failed early made none.
        text`if ${after}ip link show dev ${dev} >/dev/null 2>&1; then ${after}ip link del dev ${dev}; fi`,
        one.postShutdown,
      ],
      "\n",
    ),
  };
}

/** As wg-quick(8) has it. */
function userspaceFallback(before: Text, dev: Text): Text {
  return text`if ! failure=$(${before}ip link add dev ${dev} type wireguard 2>&1); then
  if [ -e /sys/module/wireguard ]; then
    echo "$failure" >&2
    exit 1
  elif ! command -v wireguard-go >/dev/null; then
    echo "$failure; the kernel has no WireGuard, and wireguard-go is not installed" >&2
    exit 1
  fi
  echo "the kernel has no WireGuard: using wireguard-go" >&2
  ${before}wireguard-go ${dev}
fi`;
}

function privateKey({ privateKey, privateKeyFile }: Interface): Text[] {
  if (privateKeyFile !== null) return [shellWord(privateKeyFile)];
  return privateKey === null ? [] : [text`<(printf %s ${shellWord(privateKey)})`];
}

function peerUnitName(name: string, { name: peerName, publicKey }: Peer): string {
  return `wireguard-${name}-peer-${peerName ?? escapedKey(publicKey)}`;
}

/** A key in the name of a unit, as NixOS writes it. */
function escapedKey(publicKey: string): string {
  const escapes: Readonly<Record<string, string>> = {
    "/": "-",
    "-": "\\x2d",
    " ": "\\x20",
    "+": "\\x2b",
    "=": "\\x3d",
  };
  return publicKey.replaceAll(/[/\- +=]/g, (char) => escapes[char] ?? char);
}

function peerUnit(name: string, one: Interface, peer: Peer) {
  const run = inNamespace(one.interfaceNamespace ?? one.socketNamespace);
  const dev = shellWord(name);
  const key = shellWord(peer.publicKey);
  const unit = `wireguard-${name}.service`;
  const route = (action: string) =>
    one.allowedIPsAsRoutes
      ? peer.allowedIPs.map((subnet) =>
          concatText([
            text`${run}ip route ${action} ${shellWord(subnet)} dev ${dev} table ${shellWord(one.table)}`,
            ...(one.metric === null ? [] : [` metric ${one.metric}`]),
          ]),
        )
      : [];
  return {
    description: `WireGuard Peer - ${name} - ${peer.name ?? peer.publicKey}`,
    requires: [unit],
    after: [unit, "network-online.target"],
    wantedBy: ["multi-user.target", unit],
    // A name that cannot be resolved yet must not hold up the start of the machine, nor that of the unit for ever.
    environment: { DEVICE: name, WG_ENDPOINT_RESOLUTION_RETRIES: "5" },
    serviceConfig: { Type: "oneshot", RemainAfterExit: true, Restart: "on-failure", RestartSec: 10 },
    unitConfig: { StartLimitIntervalSec: 0 },
    script: concatText(
      [
        concatText([
          text`${run}wg set ${dev} peer ${key}`,
          ...presharedKey(peer),
          ...(peer.endpoint === null ? [] : [text` endpoint ${shellWord(peer.endpoint)}`]),
          ...(peer.persistentKeepalive === null ? [] : [` persistent-keepalive ${peer.persistentKeepalive}`]),
          ...(peer.allowedIPs.length === 0
            ? []
            : [text` allowed-ips ${shellWord(concatText(peer.allowedIPs, ","))}`]),
        ]),
        ...route("replace"),
      ],
      "\n",
    ),
    // When the interface has gone first, its peers and routes have gone with it.
    postStop: concatText(
      [
        text`if ${run}ip link show dev ${dev} >/dev/null 2>&1; then`,
        text`  ${run}wg set ${dev} peer ${key} remove`,
        ...route("delete").map((command) => text`  ${command} 2>/dev/null || true`),
        "fi",
      ],
      "\n",
    ),
  };
}

function presharedKey({ presharedKey, presharedKeyFile }: Peer): Text[] {
  if (presharedKeyFile !== null) return [text` preshared-key ${shellWord(presharedKeyFile)}`];
  return presharedKey === null ? [] : [text` preshared-key <(printf %s ${shellWord(presharedKey)})`];
}

function keyUnit(name: string, { privateKeyFile }: Interface) {
  const path = shellWord(privateKeyFile ?? "");
  return {
    description: `WireGuard Tunnel - ${name} - Key Generator`,
    wantedBy: [`wireguard-${name}.service`],
    requiredBy: [`wireguard-${name}.service`],
    before: [`wireguard-${name}.service`],
    serviceConfig: { Type: "oneshot", RemainAfterExit: true },
    script: text`if [ ! -f ${path} ]; then
  mkdir -p "$(dirname ${path})"
  umask 077
  key=$(wg genkey)
  printf '%s\n' "$key" >${path}.new
  mv ${path}.new ${path}
fi`,
  };
}

/** What stands in front of a command that is run in the namespace; null and `init`: nothing. */
function inNamespace(namespace: string | null): Text {
  return namespace === null || namespace === "init" ? "" : text`ip netns exec ${shellWord(namespace)} `;
}

/** For `ip link set netns`: the first namespace is that of process 1. */
function namespaceWord(namespace: string): Text {
  return namespace === "init" ? "1" : shellWord(namespace);
}
