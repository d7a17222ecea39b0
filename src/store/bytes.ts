/**
 * Byte strings: how Nixus represents the text of Nix.
 *
 * A Nix string is a sequence of bytes. We hold it in a JavaScript string in which every UTF-16 unit is one
 * byte (0..255, "latin-1"). Length, substring, order, hashing and regular expressions are then exact, and V8
 * keeps such strings in one byte a character. Everything that comes from the language or goes to a store is a
 * byte string: values, attribute names, path names, file contents read as text, error messages.
 *
 * Conversion happens at the edges only: text for a person or from TypeScript is UTF-16 and goes through
 * {@link fromText} / {@link toText}; files and sockets go through {@link fromBytes} / {@link toBytes}.
 */

/** A byte string of the bytes. */
export function fromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The bytes of a byte string. */
export function toBytes(byteString: string): Buffer {
  return Buffer.from(byteString, "latin1");
}

/** The byte string (UTF-8) of ordinary JavaScript text. */
export function fromText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Ordinary JavaScript text of a byte string; bytes that are not UTF-8 become U+FFFD. */
export function toText(byteString: string): string {
  return isAscii(byteString) ? byteString : Buffer.from(byteString, "latin1").toString("utf8");
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
