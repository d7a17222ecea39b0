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

/** All grants by their ends: each configuration looks for its own, in a network of many. */
export interface AccessIndex {
  /** By node and user: the keys that may log in there. */
  readonly to: ReadonlyMap<string, ReadonlyMap<string, readonly Grant[]>>;
  /** By node: the nodes that it has a key for. */
  readonly from: ReadonlyMap<string, ReadonlySet<string>>;
}

export function indexAccess(access: SshAccess): AccessIndex {
  const to = new Map<string, Map<string, Grant[]>>();
  const from = new Map<string, Set<string>>();
  for (const grant of allGrants(access)) {
    const users = getOrAdd(to, grant.node, () => new Map<string, Grant[]>());
    getOrAdd(users, grant.user, (): Grant[] => []).push(grant);
    getOrAdd(from, grant.from, () => new Set<string>()).add(grant.node);
  }
  return { to, from };
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make();
  map.set(key, value);
  return value;
}

/** The line in a user's authorized keys. */
export function authorizedKey(publicKey: string, key: Key): string | StoreString {
  const options = renderKeyOptions(key.options);
  return options === "" ? publicKey : concatText([options, " ", publicKey]);
}
