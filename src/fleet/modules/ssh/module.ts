/**
 * `ssh.access`: logins from node to node. Every configuration gets one more module, in which each option is defined
 * on its own: so a configuration may read anything of the network and of other nodes, and `ssh.access` anything that
 * is not itself an authorized key or a known host.
 */
import { NixError } from "../../../lang/eval/errors.ts";
import { mkIf } from "../../../modules/define.ts";
import { fromText } from "../../../store/bytes.ts";
import { defineNetworkModule, type NetworkConfig } from "../../network/define.ts";
import { type AccessIndex, authorizedKey, type Grant, indexAccess } from "./access.ts";
import { hostNames } from "./host-names.ts";
import { sshOptions } from "./options.ts";
import {
  accessOption,
  accessProblems,
  hostKeysProblem,
  malformedKey,
  missingKey,
  unknownUser,
} from "./problems.ts";
import { isPublicKey } from "./public-key.ts";

export const sshModule = defineNetworkModule({
  file: import.meta.url,
  key: "nixus/ssh",
  options: sshOptions,
  config: ({ config: network }) => {
    let known: AccessIndex | undefined;
    const index = (): AccessIndex => {
      known ??= indexAccess(network.ssh.access);
      return known;
    };
    return {
      assertions: () =>
        accessProblems(network.ssh.access, Object.keys(network.nodes)).map((message) => ({
          assertion: false,
          message,
        })),
      defaults: {
        configuration: ({ config, name }) => {
          const grants = () => index().to.get(name) ?? new Map<string, readonly Grant[]>();
          const reachable = () => index().from.get(name) ?? new Set<string>();
          return {
            assertions: mkIf(
              () => grants().size > 0,
              () => userAssertions(grants(), config.users.users),
            ),
            programs: {
              ssh: {
                knownHosts: mkIf(
                  () => reachable().size > 0,
                  () => knownHosts(network, name, [...reachable()]),
                ),
              },
            },
            users: {
              users: mkIf(
                () => grants().size > 0,
                () => authorizedKeys(grants()),
              ),
            },
          };
        },
      },
    };
  },
});

/** Of each node one entry for each host key: `programs.ssh.knownHosts."bar/ed25519"`. */
function knownHosts(network: NetworkConfig, from: string, nodes: readonly string[]) {
  return Object.fromEntries(
    nodes.flatMap((node) => {
      const missing = hostKeysProblem(network.ssh.access, node);
      if (missing !== undefined) throw problem(missing);
      const { hostKeys = {}, hostNames: more = [] } = network.ssh.access[node] ?? {};
      const names = () =>
        hostNames(
          node,
          network.nodes[node]?.host ?? null,
          [...more, ...publicAddresses(network, node)],
          node === from,
        );
      return Object.entries(hostKeys).map(([name, publicKey]) => [
        `${node}/${name}`,
        { hostNames: names, publicKey: checkedKey(accessOption(node, "hostKeys", name), publicKey) },
      ]);
    }),
  );
}

/** By which it is reached from outside; other modules add the names that they know to `hostNames`. */
function publicAddresses({ nodes }: NetworkConfig, node: string): readonly string[] {
  const { ipv4, ipv6 } = nodes[node]!.configuration.networking.public;
  return [ipv4, ipv6].filter((address) => address !== null);
}

function authorizedKeys(grants: ReadonlyMap<string, readonly Grant[]>) {
  return Object.fromEntries(
    [...grants].map(([user, keys]) => [
      user,
      {
        openssh: {
          authorizedKeys: {
            keys: () =>
              keys.map(({ from, name, key }) =>
                authorizedKey(checkedKey(accessOption(from, "keys", name, "publicKey"), key.publicKey), key),
              ),
          },
        },
      },
    ]),
  );
}

/** For values that are read where nobody looks at the network's assertions. */
function checkedKey(option: string, key: string | null): string {
  if (key === null) throw problem(missingKey(option));
  if (!isPublicKey(key)) throw problem(malformedKey(option));
  return key;
}

const problem = (message: string) => new NixError("module", fromText(message));

/** What the accounts of both platforms have. */
interface Account {
  readonly isNormalUser: boolean;
  readonly isSystemUser: boolean;
  readonly uid: number | null;
}

/** Definitions of ours alone make no user: it has to be one of the two kinds, or root. */
function userAssertions(
  grants: ReadonlyMap<string, readonly Grant[]>,
  accounts: Readonly<Record<string, Account>>,
) {
  return [...grants.values()].flatMap(([grant]) => {
    if (grant === undefined) return [];
    const { from, name, node, user } = grant;
    const option = accessOption(from, "keys", name, "hasAccessTo", node, user);
    return [{ assertion: () => isUser(user, accounts[user]), message: unknownUser(option, node, user) }];
  });
}

function isUser(name: string, account: Account | undefined): boolean {
  if (name === "root") return true;
  if (account === undefined) return false;
  const { isNormalUser, isSystemUser, uid } = account;
  // NixOS takes an account with a number below 1000 for one of the system.
  return isNormalUser || isSystemUser || (uid !== null && uid < 1000);
}
