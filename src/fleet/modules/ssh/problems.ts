/** What is wrong with `ssh.access`, each in one message that names the option to set. */
import { nearest } from "../../../modules/nearest.ts";
import { showOption } from "../../../modules/show.ts";
import { fromText, toText } from "../../../store/bytes.ts";
import { allGrants } from "./access.ts";
import type { SshAccess } from "./options.ts";
import { isPublicKey } from "./public-key.ts";

/** The name of an option below `ssh.access`. */
export function accessOption(...path: readonly string[]): string {
  return toText(showOption(["ssh", "access", ...path].map(fromText)));
}

/** Everything that can be said without a machine's configuration. `nodes`: the names of those that exist. */
export function accessProblems(access: SshAccess, nodes: readonly string[]): string[] {
  const problems: (string | undefined)[] = [];
  for (const [node, { hostKeys, keys }] of Object.entries(access)) {
    if (!nodes.includes(node)) problems.push(unknownNode(accessOption(node), node, nodes));
    for (const [name, key] of Object.entries(hostKeys)) {
      if (!isPublicKey(key)) problems.push(malformedKey(accessOption(node, "hostKeys", name)));
    }
    for (const [name, { publicKey }] of Object.entries(keys)) {
      if (publicKey === null || isPublicKey(publicKey)) continue;
      problems.push(malformedKey(accessOption(node, "keys", name, "publicKey")));
    }
  }
  for (const { from, name, key, node } of allGrants(access)) {
    const option = accessOption(from, "keys", name, "hasAccessTo", node);
    if (key.publicKey === null) problems.push(missingKey(accessOption(from, "keys", name, "publicKey")));
    problems.push(nodes.includes(node) ? hostKeysProblem(access, node) : unknownNode(option, node, nodes));
  }
  return [...new Set(problems)].filter((problem) => problem !== undefined);
}

function unknownNode(option: string, node: string, nodes: readonly string[]): string {
  const [near] = nearest(node, nodes);
  const hint = near === undefined ? `it has: ${nodes.join(", ") || "none"}` : `did you mean '${near}'?`;
  return `'${option}' is for node '${node}', which the network does not have; ${hint}`;
}

export function missingKey(option: string): string {
  return `'${option}' is not set, but the key has access to a node; set it to the contents of the key's .pub file`;
}

export function malformedKey(option: string): string {
  return `'${option}' is not a public key; set it to the contents of a .pub file: TYPE BASE64 [COMMENT]`;
}

/** Why no other node can know this one. */
export function hostKeysProblem(access: SshAccess, node: string): string | undefined {
  if (Object.keys(access[node]?.hostKeys ?? {}).length > 0) return undefined;
  return (
    `'${accessOption(node, "hostKeys")}' is not set, but other nodes have access to '${node}'; ` +
    `set '${accessOption(node, "hostKeys", "ed25519")}' to the contents of its /etc/ssh/ssh_host_ed25519_key.pub`
  );
}

/** For the machine's own assertions. */
export function unknownUser(option: string, node: string, user: string): string {
  const users = toText(showOption(["nodes", node, "configuration", "users", "users", user].map(fromText)));
  return (
    `'${option}' lets a key log in as '${user}', but the machine's configuration defines no such user; ` +
    `set '${users}.isNormalUser' to true, or correct the name`
  );
}
