/** What restricted evaluation may fetch (Nix manual, nix.conf: `allowed-uris`). */

/** A URI is allowed that is one of the prefixes or below it; `github:` and the like allow the whole scheme. */
export function isAllowedUri(uri: string, prefixes: readonly string[]): boolean {
  return prefixes.some(
    (prefix) =>
      uri === prefix ||
      (prefix !== "" &&
        uri.startsWith(prefix) &&
        (prefix.endsWith("/") || uri[prefix.length] === "/" || /^[A-Za-z][A-Za-z0-9+.-]*:$/.test(prefix))),
  );
}
