/** Who may log in where, computed from the value of `ssh.access`. */
import { concatText, type StoreString } from "../../../modules/store-string.ts";
import { renderKeyOptions } from "./key-options.ts";
import type { SshAccess } from "./options.ts";

type Key = SshAccess[string]["keys"][string];

/** A key that may log in as a user. */
export interface Grant {
  /** The node that has the key. */
  readonly from: string;
  /** Its name there. */
  readonly name: string;
  readonly key: Key;
  readonly node: string;
  readonly user: string;
}

/** Every key with every user that it may log in as. */
export function allGrants(access: SshAccess): Grant[] {
  return Object.entries(access).flatMap(([from, { keys }]) =>
    Object.entries(keys).flatMap(([name, key]) =>
      Object.entries(key.hasAccessTo).flatMap(([node, users]) =>
        Object.entries(users)
          .filter(([, allowed]) => allowed)
          .map(([user]) => ({ from, name, key, node, user })),
      ),
    ),
  );
}

/** The keys that may log in on a node, by user. */
export function grantsTo(access: SshAccess, node: string): ReadonlyMap<string, readonly Grant[]> {
  const byUser = new Map<string, Grant[]>();
  for (const grant of allGrants(access)) {
    if (grant.node !== node) continue;
    const grants = byUser.get(grant.user);
    if (grants === undefined) byUser.set(grant.user, [grant]);
    else grants.push(grant);
  }
  return byUser;
}

/** The nodes that a node has a key for, each once. */
export function reachableFrom(access: SshAccess, node: string): readonly string[] {
  return [...new Set(allGrants(access).flatMap((grant) => (grant.from === node ? [grant.node] : [])))];
}

/** The line in a user's authorized keys. */
export function authorizedKey(publicKey: string, key: Key): string | StoreString {
  const options = renderKeyOptions(key.options);
  return options === "" ? publicKey : concatText([options, " ", publicKey]);
}
