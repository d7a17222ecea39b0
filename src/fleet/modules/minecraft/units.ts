/**
 * What a machine with game servers runs, of each server: a socket, a proxy that a connection to it starts and that ends
 * when it is idle (systemd-socket-proxyd(8)), and the server, which runs as long as the proxy needs it.
 */
import type { StoreString } from "../../../modules/store-string.ts";
import type { MinecraftServer } from "./options.ts";

const unitName = (name: string) => `minecraft-${name}`;

export function sockets(name: string, server: MinecraftServer) {
  return {
    [unitName(name)]: {
      description: `Game server ${name}, waiting for players`,
      wantedBy: ["sockets.target"],
      listenStreams: [String(server.port)],
      socketConfig: { Service: `${unitName(name)}-proxy.service`, NoDelay: true },
    },
  };
}

export function services(name: string, server: MinecraftServer, command: () => string | StoreString) {
  const unit = unitName(name);
  return {
    [`${unit}-proxy`]: {
      description: `Connections to the game server ${name}`,
      requires: [`${unit}.service`, `${unit}.socket`],
      // The server is ready when it counts as started.
      after: [`${unit}.service`, `${unit}.socket`],
      script: proxy(server),
      serviceConfig: { DynamicUser: true, PrivateTmp: true },
    },
    [unit]: {
      description: `Game server ${name}`,
      wants: ["network-online.target"],
      after: ["network-online.target"],
      unitConfig: { StopWhenUnneeded: true },
      preStart: prepare(server),
      postStart: waitUntilReady(server),
      serviceConfig: {
        ExecStart: command,
        DynamicUser: true,
        StateDirectory: unit,
        WorkingDirectory: `/var/lib/${unit}`,
        // How Java ends at SIGTERM, after it has saved the world.
        SuccessExitStatus: "143",
        TimeoutStartSec: server.startTimeout,
        TimeoutStopSec: 120,
        NoNewPrivileges: true,
        ProtectHome: true,
      },
    },
  };
}

/** NixOS and distributions have it in different places. */
function proxy({ idleTime, internalPort }: MinecraftServer): string {
  return `for directory in /run/current-system/systemd/lib/systemd /usr/lib/systemd /lib/systemd; do
  if [ -x "$directory/systemd-socket-proxyd" ]; then
    exec "$directory/systemd-socket-proxyd" --exit-idle-time=${idleTime}s 127.0.0.1:${internalPort}
  fi
done
echo 'systemd-socket-proxyd is not on this machine' >&2
exit 1
`;
}

/** The lines that we say replace those of the same names; the server adds the rest when it first runs. */
function prepare({ eula, internalPort, serverProperties }: MinecraftServer): string {
  const properties = { ...serverProperties, "server-port": internalPort, "server-ip": "127.0.0.1" };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}`);
  const names = Object.keys(properties).map((name) => quoted(`${name}=`));
  return `${eula ? "echo eula=true >eula.txt\n" : ""}touch server.properties
{
  while IFS= read -r line; do
    for name in ${names.join(" ")}; do
      case $line in "$name"*) continue 2 ;; esac
    done
    printf '%s\\n' "$line"
  done <server.properties
  printf '%s\\n' ${lines.map(quoted).join(" ")}
} >server.properties.new
mv server.properties.new server.properties
`;
}

/** bash connects itself: nothing to install. */
function waitUntilReady({ internalPort }: MinecraftServer): string {
  return `until (exec 3<>/dev/tcp/127.0.0.1/${internalPort}) 2>/dev/null; do
  kill -0 "$MAINPID" || exit 1
  sleep 0.2
done
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
