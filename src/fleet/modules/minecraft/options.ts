/** The options below `minecraft`. */
import { type ConfigOf, option } from "../../../modules/define.ts";
import { t } from "../../../modules/types/index.ts";

const file = import.meta.url;

const scalar = t.oneOf([t.bool, t.int, t.singleLineStr]);

const server = {
  node: option({ type: t.str, example: "games", description: "The node that it runs on." }),
  domain: option({
    type: t.nullOr(t.singleLineStr),
    default: null,
    example: "play.example.com",
    description:
      "The name that players connect to: `dns.records` gets the public addresses of the node under it, and an SRV record with the port. null: no records.",
  }),
  port: option({ type: t.port, default: 25565, description: "The TCP port that players connect to." }),
  internalPort: option({
    type: t.port,
    default: 25566,
    description: "The TCP port of 127.0.0.1 that the server itself listens on.",
  }),
  idleTime: option({
    type: t.ints.positive,
    default: 600,
    description: "Seconds without any connection after which the server stops.",
  }),
  startTimeout: option({
    type: t.ints.positive,
    default: 300,
    description: "Seconds within which the server must accept connections after it was started.",
  }),
  command: option({
    type: t.nullOr(t.singleLineStr),
    default: null,
    defaultText:
      "`minecraft-server` of the node's nixpkgs, with `jvmOpts`; there is none on the `linux` platform",
    example: "/usr/bin/java -Xmx2G -jar /srv/minecraft/server.jar nogui",
    description:
      "The program and its arguments, as in systemd's ExecStart. It runs in the directory of its state, /var/lib/minecraft-NAME, and ends at SIGTERM.",
  }),
  jvmOpts: option({
    type: t.separatedString(" "),
    default: "-Xmx2048M -Xms2048M",
    description: "Options of Java for the server of nixpkgs.",
  }),
  eula: option({
    type: t.bool,
    default: false,
    description:
      "Whether you agree to Mojang's EULA (https://account.mojang.com/documents/minecraft_eula), without which their server does not start.",
  }),
  serverProperties: option({
    type: t.attrsOf(scalar),
    default: {},
    example: { motd: "Hello", difficulty: 3 },
    description:
      "Lines of server.properties. Others in that file stay; `server-port` and `server-ip` follow from `internalPort`.",
  }),
  openFirewall: option({
    type: t.bool,
    default: true,
    description: "Whether `networking.firewall` of the node lets connections to the port in.",
  }),
} as const;

export const minecraftOptions = {
  minecraft: {
    servers: option({
      type: t.attrsOf(t.submodule({ file, options: server })),
      default: {},
      example: { world: { node: "games", domain: "play.example.com", eula: true } },
      description:
        "Game servers by name, each of which starts when a player connects and stops when it is idle.",
    }),
  },
} as const;

export type MinecraftOptions = typeof minecraftOptions;

/** A value of `minecraft.servers.<name>`. */
export type MinecraftServer = ConfigOf<MinecraftOptions>["minecraft"]["servers"][string];
