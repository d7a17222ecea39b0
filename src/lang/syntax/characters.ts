/** Classes of bytes in Nix source: `byteClass[byte] & flag`. */
export const idStart = 1;
export const idPart = 2;
export const digit = 4;
/** May stand between the slashes of a path literal. */
export const pathPart = 8;
/** May stand before the colon of a URI literal. */
export const schemePart = 16;
/** May stand after the colon of a URI literal. */
export const uriPart = 32;

export const byteClass = new Uint8Array(256);

function mark(characters: string, flags: number): void {
  for (let i = 0; i < characters.length; i++) byteClass[characters.charCodeAt(i)]! |= flags;
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
mark(letters, idStart | idPart | pathPart | schemePart | uriPart);
mark("0123456789", idPart | digit | pathPart | schemePart | uriPart);
mark("_", idStart | idPart);
mark("'-", idPart);
mark("._-+", pathPart);
mark("+-.", schemePart);
mark("%/?:@&=+$,-_.!~*'", uriPart);

export function isIdentifierName(name: string): boolean {
  if (name.length === 0 || !(byteClass[name.charCodeAt(0)]! & idStart)) return false;
  for (let i = 1; i < name.length; i++) if (!(byteClass[name.charCodeAt(i)]! & idPart)) return false;
  return true;
}
