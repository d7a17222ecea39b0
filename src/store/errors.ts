/**
 * A store path, hash, archive or derivation that breaks the rules of the Nix store, or a store operation that
 * failed. `message` is a byte string in Nix's own words.
 */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** A byte of a byte string as it is shown in a message: itself when printable, `\xNN` otherwise. */
export function showByte(byte: string): string {
  const code = byte.charCodeAt(0);
  return code > 31 && code < 127 ? byte : `\\x${code.toString(16).padStart(2, "0")}`;
}
