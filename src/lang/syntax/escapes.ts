/** Resolves the escapes of a string literal and turns its line ends (CR, CR LF) into LF. */

const lineFeed = 10;
const carriageReturn = 13;
const backslash = 92;

/** The value of the raw text `text[start, end)`, which does not end within an escape. */
export function resolveEscapes(text: string, start: number, end: number): string {
  const pieces: string[] = [];
  let from = start;
  let i = start;
  while (i < end) {
    const byte = text.charCodeAt(i);
    if (byte === backslash) {
      pieces.push(text.slice(from, i), escaped(text, i + 1));
      i += 2;
      from = i;
    } else if (byte === carriageReturn) {
      pieces.push(text.slice(from, i), "\n");
      i += text.charCodeAt(i + 1) === lineFeed ? 2 : 1;
      from = i;
    } else i++;
  }
  pieces.push(text.slice(from, end));
  return pieces.join("");
}

function escaped(text: string, at: number): string {
  const character = text.charAt(at);
  switch (character) {
    case "n":
      return "\n";
    case "r":
      return "\r";
    case "t":
      return "\t";
    default:
      return character;
  }
}
