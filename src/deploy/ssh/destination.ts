/** SSH destinations, in the two forms of ssh(1): `[user@]host` and `ssh://[user@]host[:port]`. */

/** The host part: what prefixes a node's lines. */
export function hostOf(destination: string): string {
  const url = /^ssh:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(destination);
  if (url) return (url[1] ?? "").replace(/^\[|\]$/g, "");
  return destination.slice(destination.lastIndexOf("@") + 1);
}

/** As a URL, which is how Nix names where paths are copied to. */
export function destinationUrl(destination: string): string {
  return destination.startsWith("ssh://") ? destination : `ssh://${destination}`;
}

/** What is wrong with a destination that ssh could take for something else; undefined when nothing is. */
export function destinationProblem(destination: string): string | undefined {
  // A user's domain ends with a backslash: `CORP\me@host`.
  const plain = destination.replace(/\\(?=.*@)/g, "");
  if (plain === "" || plain.startsWith("-") || /[\s'"`$\\;&<>|(){}]/.test(plain)) {
    return `host is no SSH destination: ${JSON.stringify(destination)}; write [user@]host or ssh://[user@]host[:port]`;
  }
  return hostOf(destination) === "" ? `host names no machine: ${JSON.stringify(destination)}` : undefined;
}
