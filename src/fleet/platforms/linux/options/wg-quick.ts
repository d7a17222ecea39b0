/** `networking.wg-quick`: interfaces that wg-quick(8) sets up, each by a service `wg-quick-<name>`, as on NixOS. */
import type { OptionsOf } from "../../../../modules/definable.ts";
import { type ConfigOf, defineModule, type ModuleArgs, mkIf, option } from "../../../../modules/define.ts";
import { concatText, text } from "../../../../modules/store-string.ts";
import { t } from "../../../../modules/types/index.ts";
import { shellWord } from "../../../shell-words.ts";
import type { wireguardOptions } from "./wireguard.ts";
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

const quickInterface = {
  ...interfaceKey,
  autostart: option({
    type: t.bool,
    default: true,
    description: "Whether the interface is set up when the machine starts.",
  }),
  address: option({
    type: t.listOf(t.str),
    default: [],
    example: ["192.168.2.1/24"],
    description: "Addresses of the interface, with prefix length.",
  }),
  dns: option({
    type: t.listOf(t.str),
    default: [],
    example: ["192.168.2.2"],
    description: "Name servers and search domains, for which the machine needs `resolvconf`.",
  }),
  preUp: commands("Commands that are run before the interface is set up."),
  postUp: commands("Commands that are run when it is set up."),
  preDown: commands("Commands that are run before it is taken down."),
  postDown: commands("Commands that are run when it is gone."),
  table: nullOrText(
    "The routing table that gets the routes to `allowedIPs`; `off`: there are none; null: wg-quick's.",
  ),
  peers: option({
    type: t.listOf(t.submodule({ file, options: peerOptions })),
    default: [],
    description: "Its peers.",
  }),
} as const;

type Interface = ConfigOf<typeof quickInterface>;
type Peer = Interface["peers"][number];

const options = {
  networking: {
    "wg-quick": {
      interfaces: option({
        type: t.attrsOf(t.submodule({ file, options: quickInterface })),
        default: {},
        description:
          "WireGuard interfaces that `wg-quick` sets up, by name. Where the kernel has no WireGuard, wireguard-go is used if it is installed.",
      }),
    },
  },
} as const;

type Config = ConfigOf<typeof options> & ConfigOf<OptionsOf<typeof wireguardOptions>>;

export const wgQuickOptions = defineModule({
  file,
  options,
  // wg-quick is in the package of `networking.wireguard`.
  config: ({ config }: ModuleArgs<Config>) => {
    const interfaces = () => Object.entries(config.networking["wg-quick"].interfaces);
    const used = () => interfaces().length > 0;
    const tools = () => config.networking.wireguard.package;
    return {
      assertions: mkIf(used, () =>
        interfaces().flatMap(([name, one]) =>
          interfaceAssertions(`networking.wg-quick.interfaces.${name}`, name, one, one.peers),
        ),
      ),
      environment: {
        systemPackages: mkIf(
          () => used() && tools() !== null,
          () => [tools()],
        ),
      },
      systemd: {
        services: mkIf(used, () =>
          Object.fromEntries(interfaces().map(([name, one]) => [`wg-quick-${name}`, unit(name, one)])),
        ),
      },
    };
  },
});

function unit(name: string, one: Interface) {
  // wg-quick takes the interface's name from that of the file.
  const configuration = `"$RUNTIME_DIRECTORY"/${name}.conf`;
  return {
    description: `wg-quick WireGuard Tunnel - ${name}`,
    after: ["network.target", "network-online.target"],
    wantedBy: one.autostart ? ["multi-user.target"] : [],
    environment: { DEVICE: name, WG_ENDPOINT_RESOLUTION_RETRIES: "5" },
    serviceConfig: {
      ...interfaceService,
      RuntimeDirectory: `wg-quick-${name}`,
      RuntimeDirectoryMode: "0700",
    },
    script: concatText(
      [
        "modprobe -q wireguard 2>/dev/null || true",
        "umask 077",
        ...hooks(name, one).map(({ hook, commands }) =>
          hereDocument(`"$RUNTIME_DIRECTORY"/${hook}.sh`, commands),
        ),
        hereDocument(configuration, quickConfiguration(name, one)),
        `wg-quick up ${configuration}`,
      ],
      "\n",
    ),
    preStop: `wg-quick down ${configuration}`,
  };
}

interface Hook {
  readonly hook: "PreUp" | "PostUp" | "PreDown" | "PostDown";
  readonly commands: Text;
}

function hooks(name: string, one: Interface): Hook[] {
  const keys = [
    ...(one.privateKeyFile === null
      ? []
      : [text`wg set ${name} private-key ${shellWord(one.privateKeyFile)}`]),
    ...one.peers.flatMap(({ publicKey, presharedKeyFile }) =>
      presharedKeyFile === null
        ? []
        : [text`wg set ${name} peer ${shellWord(publicKey)} preshared-key ${shellWord(presharedKeyFile)}`],
    ),
  ];
  const all: readonly Hook[] = [
    { hook: "PreUp", commands: one.preUp },
    {
      hook: "PostUp",
      commands: concatText(
        [...keys, one.postUp].filter((line) => line !== ""),
        "\n",
      ),
    },
    { hook: "PreDown", commands: one.preDown },
    { hook: "PostDown", commands: one.postDown },
  ];
  return all.filter(({ commands }) => commands !== "");
}

/** The file of wg-quick(8). */
function quickConfiguration(name: string, one: Interface): Text {
  const lines: Text[] = [
    "[Interface]",
    ...one.address.map((address) => text`Address = ${address}`),
    ...one.dns.map((dns) => text`DNS = ${dns}`),
    ...setting("Table", one.table),
    ...setting("MTU", one.mtu),
    ...setting("PrivateKey", one.privateKey),
    ...setting("ListenPort", one.listenPort),
    ...hooks(name, one).map(({ hook }) => `${hook} = bash -e /run/wg-quick-${name}/${hook}.sh`),
    ...one.peers.flatMap(peerLines),
  ];
  return concatText(lines, "\n");
}

function peerLines(peer: Peer): Text[] {
  return [
    "[Peer]",
    ...setting("PublicKey", peer.publicKey),
    ...setting("PresharedKey", peer.presharedKey),
    ...setting("Endpoint", peer.endpoint),
    ...setting("PersistentKeepalive", peer.persistentKeepalive),
    ...(peer.allowedIPs.length === 0 ? [] : [text`AllowedIPs = ${concatText(peer.allowedIPs, ", ")}`]),
  ];
}

function setting(key: string, value: Text | number | null): Text[] {
  return value === null ? [] : [text`${key} = ${value}`];
}

function hereDocument(path: string, contents: Text): Text {
  return text`cat >${path} <<'END_OF_FILE'
${contents}
END_OF_FILE`;
}
