/** What is wrong with `vpn.networks`, each in one message that names the option to set. */
import {
  addressText,
  isIp,
  isSubnet,
  networkOf,
  parseAddress,
  parseSubnet,
  subnetsOverlap,
  subnetText,
} from "../../../modules/ip.ts";
import { nearest } from "../../../modules/nearest.ts";
import { isHostName } from "../ssh/host-names.ts";
import { addressOf, isHostAddress, missingAddress, subnetsOf } from "./addresses.ts";
import type { Backend } from "./backend.ts";
import { vpnOption } from "./members.ts";
import { canMeet, isReachable, portOf, type VpnNetwork } from "./network.ts";

/** `nodes`: the names of those that exist. */
export function vpnProblems(
  networks: readonly VpnNetwork[],
  nodes: readonly string[],
  backends: readonly Backend[],
): string[] {
  return [
    ...networks.flatMap((network) => [
      ...subnetProblems(network),
      ...memberProblems(network, nodes),
      ...nameProblems(network),
      ...addressProblems(network),
      ...endpointProblems(network, nodes),
      ...gatewayProblems(network),
      ...(backends.find(({ name }) => name === network.backend)?.problems(network) ?? []),
    ]),
    ...overlaps(networks),
    ...clashes(networks),
  ];
}

/** What works, but hardly as it is meant. */
export function vpnWarnings(networks: readonly VpnNetwork[]): string[] {
  return networks.flatMap((network) => {
    if (network.settings.topology !== "mesh" || network.server !== undefined) return [];
    const hidden = network.members.filter((member) => network.endpoint(member) === null);
    const [first, second] = hidden;
    if (first === undefined || second === undefined || canMeet(network, first, second)) return [];
    return [
      `the VPN '${network.name}' is a mesh without a server: ${hidden.map(({ node }) => `'${node}'`).join(", ")} have no endpoint and ` +
        `cannot reach each other; set '${vpnOption(network.name, "server", "node")}', or the 'endpoint' of one of them`,
    ];
  });
}

function subnetProblems({ name, settings }: VpnNetwork): string[] {
  const found: string[] = [];
  if (settings.subnet === null) {
    found.push(
      `'${vpnOption(name, "subnet")}' is not set; set it to the addresses of the network, e.g. "10.0.0.0/24"`,
    );
  }
  for (const option of ["subnet", "subnet6"] as const) {
    const text = settings[option];
    if (text === null) continue;
    const path = vpnOption(name, option);
    if (!isSubnet(text)) {
      found.push(
        `'${path}' is '${text}', which is not a subnet; write ADDRESS/PREFIXLENGTH, e.g. 10.0.0.0/24`,
      );
      continue;
    }
    const subnet = parseSubnet(text);
    const first = subnetText(networkOf(subnet));
    if (subnetText(subnet) !== first) {
      found.push(`'${path}' is '${text}', which is an address in the subnet ${first}; write '${first}'`);
    }
    if (option === "subnet6" && subnet.version === 4) {
      found.push(`'${path}' is an IPv4 subnet; set '${vpnOption(name, "subnet")}' to it`);
    }
    if (option === "subnet" && subnet.version === 6 && settings.subnet6 !== null) {
      found.push(
        `'${path}' and '${vpnOption(name, "subnet6")}' are both IPv6 subnets; a network has one of each version`,
      );
    }
  }
  return found;
}

function memberProblems(
  { name, settings, members, server, interface: interfaceName }: VpnNetwork,
  nodes: readonly string[],
): string[] {
  const found: string[] = [];
  if (server === undefined && settings.topology === "star") {
    found.push(
      `'${vpnOption(name, "server")}' is not set; set '${vpnOption(name, "server", "node")}' to the node that all others reach, ` +
        `or '${vpnOption(name, "topology")}' to "mesh"`,
    );
  }
  for (const { node, role, path } of members) {
    const option = vpnOption(name, ...path, ...(role === "server" ? ["node"] : []));
    if (!nodes.includes(node)) {
      const [near] = nearest(node, nodes);
      const hint = near === undefined ? `it has: ${nodes.join(", ") || "none"}` : `did you mean '${near}'?`;
      found.push(`'${option}' is for node '${node}', which the network does not have; ${hint}`);
    }
    if (role === "client" && node === server?.node) {
      found.push(
        `'${option}' is the server of the VPN ('${vpnOption(name, "server", "node")}'); remove it from the clients`,
      );
    }
  }
  if (!/^[a-zA-Z0-9_=+.-]{1,15}$/.test(interfaceName)) {
    found.push(
      `'${vpnOption(name, "interface")}' is '${interfaceName}'${settings.interface === null ? " (the name of the network)" : ""}, which no interface can be called; ` +
        "set it to 1 to 15 letters, digits and _=+.-",
    );
  }
  return found;
}

function addressProblems(network: VpnNetwork): string[] {
  const { name, settings, members, lock } = network;
  const found: string[] = [];
  for (const { subnet, addressOption, option: subnetOption } of subnetsOf(settings)) {
    const owners = new Map<string, string>();
    for (const member of members) {
      const option = vpnOption(name, ...member.path, addressOption);
      const text = addressOf(name, member, addressOption, lock);
      const whence = member.settings[addressOption] === null ? " (nixus.lock)" : "";
      if (text === undefined) {
        found.push(missingAddress(name, member, addressOption));
        continue;
      }
      if (!isIp(text)) {
        found.push(`'${option}'${whence} is '${text}', which is not an IP address`);
        continue;
      }
      const again = whence === "" ? "" : "; run 'nixus lock', which assigns another one";
      if (!isHostAddress(subnet, text)) {
        found.push(
          `'${option}'${whence} is ${text}, which is no address of a machine in '${vpnOption(name, subnetOption)}', ${subnetText(subnet)}${again}`,
        );
      }
      const address = addressText(parseAddress(text));
      const other = owners.get(address);
      if (other !== undefined) {
        found.push(
          `'${option}'${whence} is ${address}, which is '${other}' as well; give each member its own${again}`,
        );
      }
      owners.set(address, option);
    }
  }
  for (const member of members) {
    for (const [option, subnetOption] of [
      ["subnetIp", "subnet"],
      ["subnetIp6", "subnet6"],
    ] as const) {
      if (member.settings[option] === null || settings[subnetOption] !== null) continue;
      found.push(
        `'${vpnOption(name, ...member.path, option)}' is set, but not '${vpnOption(name, subnetOption)}'`,
      );
    }
  }
  return found;
}

/** What would be no line of a hosts file. */
function nameProblems({ name, members }: VpnNetwork): string[] {
  if (!/^[A-Za-z0-9_=+.-]+$/.test(name)) {
    return [
      `'${vpnOption(name)}': the name of a network stands in hosts files and names of secrets; it may have letters, digits and _=+.- only`,
    ];
  }
  return members
    .filter(({ node, settings }) => settings.hostNames === null && !isHostName(node))
    .map(
      ({ node, path }) =>
        `'${vpnOption(name, ...path, "hostNames")}' is not set, and '${node}' cannot stand in a hosts file; set it to names that can`,
    );
}

function endpointProblems(network: VpnNetwork, nodes: readonly string[]): string[] {
  const { name, server, members } = network;
  const malformed = members.flatMap(({ path, settings: { endpoint } }) => {
    if (endpoint === null || isIp(endpoint) || !/[:/[\]@]/.test(endpoint)) return [];
    const [, host, port] = /^\[?([^[\]@/]+?)\]?(?::([0-9]+))?$/.exec(endpoint) ?? [];
    const hint =
      host === undefined
        ? ""
        : `; write '${host}'${port === undefined ? "" : `, and ${port} in '${vpnOption(name, ...path, "port")}'`}`;
    return [
      `'${vpnOption(name, ...path, "endpoint")}' is '${endpoint}', which is neither an address nor a name${hint}`,
    ];
  });
  if (server === undefined || !nodes.includes(server.node) || network.endpoint(server) !== null)
    return malformed;
  return [
    ...malformed,
    `the server of the VPN '${name}', '${server.node}', has no public address; set 'networking.public.ipv4' or 'networking.public.ipv6' in ` +
      `'nodes.${server.node}.configuration', or '${vpnOption(name, "server", "endpoint")}'`,
  ];
}

function gatewayProblems({ name, members, server }: VpnNetwork): string[] {
  const found: string[] = [];
  for (const { path, internetGateway } of members) {
    if (!internetGateway) continue;
    if (server === undefined) {
      found.push(
        `'${vpnOption(name, ...path, "internetGateway")}' needs a server, which is the gateway; set '${vpnOption(name, "server", "node")}'`,
      );
    }
  }
  return found;
}

function overlaps(networks: readonly VpnNetwork[]): string[] {
  const all = networks.flatMap(({ name, settings }) =>
    subnetsOf(settings).map(({ option, subnet }) => ({ option: vpnOption(name, option), subnet })),
  );
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => subnetsOverlap(one.subnet, other.subnet))
      .map(
        (other) =>
          `'${one.option}', ${subnetText(one.subnet)}, and '${other.option}', ${subnetText(other.subnet)}, overlap; give each network its own addresses`,
      ),
  );
}

/** What two networks cannot both have on one machine. */
function clashes(networks: readonly VpnNetwork[]): string[] {
  const found: string[] = [];
  const owners = new Map<string, string>();
  const claim = (node: string, what: string, option: string) => {
    const other = owners.get(`${node}\n${what}`);
    if (other !== undefined)
      found.push(`'${option}' and '${other}' give node '${node}' the same ${what}; change one of them`);
    owners.set(`${node}\n${what}`, option);
  };
  for (const network of networks) {
    for (const member of network.members) {
      const { node, path, internetGateway } = member;
      claim(node, `interface ${network.interface}`, vpnOption(network.name, "interface"));
      if (isReachable(network, member)) {
        claim(node, `UDP port ${portOf(network, member)}`, vpnOption(network.name, ...path, "port"));
      }
      if (internetGateway) {
        claim(
          node,
          "way to the internet, through a gateway",
          vpnOption(network.name, ...path, "internetGateway"),
        );
      }
    }
  }
  return found;
}
