/** What `networking.wireguard` and `networking.wg-quick` have in common. */
import { type ConfigOf, option } from "../../../../modules/define.ts";
import { concatText, type StoreString } from "../../../../modules/store-string.ts";
import { t } from "../../../../modules/types/index.ts";

export type Text = string | StoreString;

export const nullOrText = (description: string, example?: string) =>
  option({ type: t.nullOr(t.str), default: null, description, ...(example && { example }) });

/** Shell commands; a list is one command a line. */
export const commands = (description: string) =>
  option({
    type: t.coercedTo(t.listOf(t.str), (list) => concatText(list, "\n") as string, t.lines),
    default: "",
    description,
  });

export const interfaceKey = {
  privateKey: nullOrText(
    "The private key, as `wg genkey` gives it. Everybody on the machine can read it in the store: prefer `privateKeyFile`.",
  ),
  privateKeyFile: nullOrText("The file on the machine with the private key.", "/etc/wireguard/key"),
  listenPort: option({
    type: t.nullOr(t.port),
    default: null,
    example: 51820,
    description: "The UDP port that the interface listens on; null: a free one.",
  }),
  mtu: option({
    type: t.nullOr(t.ints.positive),
    default: null,
    example: 1280,
    description: "The size of the largest packet; null: what WireGuard takes.",
  }),
};

export const peerOptions = {
  publicKey: option({ type: t.singleLineStr, description: "The peer's public key, in base64." }),
  presharedKey: nullOrText(
    "A key that both sides have, as `wg genpsk` gives it. Everybody on the machine can read it in the store.",
  ),
  presharedKeyFile: nullOrText("The file on the machine with a key that both sides have."),
  allowedIPs: option({
    type: t.listOf(t.str),
    default: [],
    example: ["10.192.122.3/32", "fd00::3/128"],
    description: "The subnets that the peer may send from, and that are sent to it.",
  }),
  endpoint: nullOrText(
    "Where the peer is reached: `ADDRESS:PORT`, `[ADDRESS]:PORT` of IPv6, or `NAME:PORT`.",
    "vpn.example.com:51820",
  ),
  persistentKeepalive: option({
    type: t.nullOr(t.ints.between(1, 65535)),
    default: null,
    example: 25,
    description: "Seconds after which something is sent if nothing else was; keeps a way through NAT open.",
  }),
} as const;

/**
 * `serviceConfig` of an interface. Where the kernel has no WireGuard, wireguard-go stays in the background: with this type
 * it is the service's main process, so that its crash is a failure, and all is set up anew. Else there is no process, and
 * the service is active by RemainAfterExit alone.
 */
export const interfaceService = {
  Type: "forking",
  RemainAfterExit: true,
  // As of Type=oneshot: commands of the user's may wait.
  TimeoutStartSec: "infinity",
  Restart: "on-failure",
  RestartSec: 5,
} as const;

type Key = ConfigOf<Pick<typeof interfaceKey, "privateKey" | "privateKeyFile">>;
type Peer = ConfigOf<Pick<typeof peerOptions, "publicKey" | "presharedKey" | "presharedKeyFile">>;

interface Assertion {
  readonly assertion: boolean;
  readonly message: string;
}

/** What has to hold of an interface; `option` is its path. */
export function interfaceAssertions(
  option: string,
  name: string,
  { privateKey, privateKeyFile }: Key,
  peers: readonly Peer[],
): Assertion[] {
  return [
    {
      assertion: isInterfaceName(name),
      message: `'${option}': '${name}' cannot be the name of an interface: it has 1 to 15 letters, digits and _=+.-`,
    },
    {
      assertion: (privateKey !== null) !== (privateKeyFile !== null),
      message: `'${option}': set one of 'privateKey' and 'privateKeyFile'`,
    },
    ...peers.map(({ publicKey, presharedKey, presharedKeyFile }) => ({
      assertion: presharedKey === null || presharedKeyFile === null,
      message: `'${option}': for the peer '${publicKey}' set one of 'presharedKey' and 'presharedKeyFile'`,
    })),
  ];
}

/** What wg-quick(8) takes; the kernel takes no longer ones. */
function isInterfaceName(name: string): boolean {
  return /^[a-zA-Z0-9_=+.-]{1,15}$/.test(name) && name !== "." && name !== "..";
}
