/**
 * Files of the program itself. They are found by their place below `src/` or `dist/`, and not beside the module that
 * wants them: a bundle has its modules in other places than the sources.
 */

/** The URL of `src/` or `dist/`. */
export const ownFiles = new URL(import.meta.url.replace(/^(.*\/(?:src|dist)\/).*$/, "$1"));

/** `path`: below `src/` or `dist/`, e.g. `modules/lib/default.nix`. */
export function ownFile(path: string): URL {
  return new URL(path, ownFiles);
}
