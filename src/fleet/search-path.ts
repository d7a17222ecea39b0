/** NIX_PATH: `prefix=path` or `path`, separated by colons; a URL's own colon does not separate (Nix manual, NIX_PATH). */
import { fromText } from "../store/bytes.ts";

export interface SearchPathEntry {
  readonly prefix: string;
  readonly path: string;
}

/** Byte strings. */
export function searchPath(nixPath: string | undefined): readonly SearchPathEntry[] {
  if (nixPath === undefined || nixPath === "") return [];
  return splitEntries(nixPath).map((entry) => {
    const equals = entry.indexOf("=");
    return equals < 0
      ? { prefix: "", path: fromText(entry) }
      : { prefix: fromText(entry.slice(0, equals)), path: fromText(entry.slice(equals + 1)) };
  });
}

function splitEntries(nixPath: string): string[] {
  return nixPath.split(/:(?!\/\/)/).filter((entry) => entry !== "");
}
