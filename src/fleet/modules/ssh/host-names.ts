/** The names that a machine is known by. */

/** The host of an SSH destination, `[user@]host` or `ssh://[user@]host[:port]`; IPv6 addresses without brackets. */
export function hostOf(destination: string): string {
  const uri = destination.startsWith("ssh://");
  const rest = uri ? destination.slice("ssh://".length) : destination;
  const host = rest.slice(rest.lastIndexOf("@") + 1);
  const [, bracketed] = /^\[([^\]]*)\]/.exec(host) ?? [];
  if (bracketed !== undefined) return bracketed;
  return uri ? host.replace(/[:/].*$/, "") : host;
}

/** Whether a node's name, which is free, is a name in hosts files and known hosts as well, and no pattern there. */
export function isHostName(name: string): boolean {
  return /^[^\s,#*?!|@\\]+$/.test(name);
}

/** Each name once; those that a machine has without being told come first. */
export function hostNames(
  node: string,
  destination: string | null,
  more: readonly string[],
  isItself: boolean,
): readonly string[] {
  const own = [node, ...(destination === null ? [] : [hostOf(destination)])].filter(isHostName);
  const names = [...own, ...more];
  return [...new Set(isItself ? [...names, "localhost"] : names)];
}
