/** Files of the program itself. */

/** The URL of `src/` or `dist/`. */
export const ownFiles = new URL("../", import.meta.url);

/** `path`: below `src/` or `dist/`, e.g. `modules/lib/default.nix`. */
export function ownFile(path: string): URL {
  return new URL(path, ownFiles);
}
