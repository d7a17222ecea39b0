/** SSH destinations, in the two forms of ssh(1): `[user@]host` and `ssh://[user@]host[:port]`. */

/** The host part: what prefixes a node's lines. */
export function hostOf(destination: string): string {
  const url = /^ssh:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(destination);
  if (url) return (url[1] ?? "").replace(/^\[|\]$/g, "");
  return destination.slice(destination.lastIndexOf("@") + 1);
}

/**
 * What of ssh's arguments comes before the command. OpenSSH itself takes no IPv6 address in a URL: its own check of host
 * names refuses the colons.
 */
export function destinationArguments(destination: string): readonly string[] {
  const url = /^ssh:\/\/([^@/]*@)?\[([^\]]*)\](?::(\d+))?\/?$/.exec(destination);
  if (!url) return ["--", destination];
  const [, user = "", address = "", port] = url;
  return [...(port === undefined ? [] : ["-p", port]), "--", `${user}${address}`];
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
    return noDestination(destination);
  }
  if (plain.startsWith("ssh://") && !/^ssh:\/\/(?:[^@/]*@)?(?:\[[^\]]*\]|[^:/]*)(?::\d+)?\/?$/.test(plain)) {
    return noDestination(destination);
  }
  return hostOf(destination) === "" ? `host names no machine: ${JSON.stringify(destination)}` : undefined;
}

function noDestination(destination: string): string {
  return `host is no SSH destination: ${JSON.stringify(destination)}; write [user@]host or ssh://[user@]host[:port]`;
}
