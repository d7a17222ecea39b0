/** `rtcwake`: machines that sleep and wake to ask, and the server that they ask. */
import { readFileSync } from "node:fs";
import { NixError } from "../../../lang/eval/errors.ts";
import { mkIf } from "../../../modules/define.ts";
import { fromText } from "../../../store/bytes.ts";
import { defineNetworkModule, type NetworkConfig } from "../../network/define.ts";
import { hostOf } from "../ssh/host-names.ts";
import { unknownNode } from "../unknown-node.ts";
import { type Rtcwake, rtcwakeOptions } from "./options.ts";

const script = (name: string) => readFileSync(new URL(`./${name}.sh`, import.meta.url), "utf8");

/** Both on the server, and of all requests the same: the state belongs to it. */
const user = "nixus-rtcwake";

export const rtcwakeModule = defineNetworkModule({
  file: import.meta.url,
  key: "nixus/rtcwake",
  options: rtcwakeOptions,
  config: ({ config: network }) => ({
    assertions: () =>
      problems(network.rtcwake, Object.keys(network.nodes)).map((message) => ({ assertion: false, message })),
    defaults: {
      configuration: ({ name }) => {
        const sleeps = () => name in network.rtcwake.machines;
        const serves = () =>
          network.rtcwake.server.node === name && Object.keys(network.rtcwake.machines).length > 0;
        return {
          systemd: {
            services: mkIf(
              () => sleeps() || serves(),
              () => ({
                ...(sleeps() ? { "nixus-rtcwake": sleeper(network, name) } : {}),
                ...(serves() ? { "nixus-rtcwake-server@": server(network.rtcwake) } : {}),
              }),
            ),
            sockets: mkIf(serves, () => ({
              "nixus-rtcwake-server": {
                description: "Page about machines that sleep",
                wantedBy: ["sockets.target"],
                listenStreams: [String(network.rtcwake.server.port)],
                socketConfig: { Accept: true },
              },
            })),
          },
          environment: {
            etc: mkIf(serves, () => ({
              "nixus/rtcwake": { text: `${network.rtcwake.server.port}\n` },
              "nixus/stay-awake": { text: script("stay-awake"), mode: "0755" },
            })),
          },
          networking: {
            firewall: {
              allowedTCPPorts: mkIf(
                () => serves() && network.rtcwake.server.openFirewall,
                () => [network.rtcwake.server.port],
              ),
            },
          },
        };
      },
    },
  }),
});

function sleeper(network: NetworkConfig, name: string) {
  const { server, machines } = network.rtcwake;
  const { mode, interval, awakeTime, retryInterval, sleepWhileLoggedIn, condition } = machines[name]!;
  return {
    description: "Sleep, and wake now and then to ask whether to go on",
    wantedBy: ["multi-user.target"],
    wants: ["network-online.target"],
    after: ["network-online.target"],
    environment: {
      rtcwake_server: serverAddress(network),
      rtcwake_port: String(server.port),
      rtcwake_machine: name,
      rtcwake_mode: mode,
      rtcwake_interval: String(interval),
      rtcwake_awake_time: String(awakeTime),
      rtcwake_retry_interval: String(retryInterval),
      rtcwake_sleep_while_logged_in: sleepWhileLoggedIn ? "1" : "",
    },
    script: `condition() {\n${condition === "" ? "true" : condition}\n}\nset +e\n${script("sleeper")}`,
    serviceConfig: { Restart: "always", RestartSec: 60 },
  };
}

function server({ machines }: Rtcwake) {
  return {
    description: "Answer about machines that sleep",
    environment: { rtcwake_machines: Object.keys(machines).join(" ") },
    script: `set +e\n${script("server")}`,
    serviceConfig: {
      StandardInput: "socket",
      StandardOutput: "socket",
      StandardError: "journal",
      User: user,
      DynamicUser: true,
      StateDirectory: user,
      RuntimeMaxSec: 60,
      CapabilityBoundingSet: "",
      PrivateDevices: true,
      ProtectHome: true,
      RestrictAddressFamilies: "AF_UNIX",
    },
  };
}

/** How the machines find the server. */
function serverAddress(network: NetworkConfig): string {
  const { node, address } = network.rtcwake.server;
  if (address !== null) return address;
  if (node === null) throw problem(missingServer);
  const { host, configuration } = network.nodes[node] ?? {};
  const found =
    configuration?.networking.public.ipv4 ??
    configuration?.networking.public.ipv6 ??
    (host === null || host === undefined ? null : hostOf(host));
  if (found === null)
    throw problem(
      `node '${node}' has no address that the machines of rtcwake could ask; set 'rtcwake.server.address'`,
    );
  return found;
}

const missingServer = "'rtcwake.machines' needs a server to ask; set 'rtcwake.server.node'";

function problems({ machines, server }: Rtcwake, nodes: readonly string[]): string[] {
  const names = Object.keys(machines);
  if (names.length === 0) return [];
  const found = names
    .filter((name) => !nodes.includes(name))
    .map((name) => unknownNode(`rtcwake.machines.${name}`, name, nodes));
  if (server.node === null) return [...found, missingServer];
  if (!nodes.includes(server.node)) found.push(unknownNode("rtcwake.server.node", server.node, nodes));
  if (names.includes(server.node))
    found.push(
      `'rtcwake.server.node' is '${server.node}', which sleeps itself ('rtcwake.machines.${server.node}')`,
    );
  // They stand in paths and in a page.
  const odd = names.find((name) => !/^[A-Za-z0-9_.-]+$/.test(name) || name.startsWith("."));
  if (odd !== undefined)
    found.push(`'rtcwake.machines': the name '${odd}' may only have letters, digits and _.-`);
  return found;
}

const problem = (message: string) => new NixError("module", fromText(message));
