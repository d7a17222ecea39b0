import { NixError } from "../eval/errors.ts";

/** The symbol for NUL, U+2400. */
const nulPicture = "\xe2\x90\x80";

/** Fails when the text has a NUL byte, which no Nix string can contain. */
export function checkNoNul(text: string): void {
  if (!text.includes("\0")) return;
  const shown = text.replaceAll("\0", nulPicture);
  const message = `input string '${shown}' cannot be represented as Nix string because it contains null bytes`;
  throw new NixError("eval", message);
}
