/** UTF-8 (RFC 3629) in byte strings. */
import { isUtf8 } from "node:buffer";
import { toBytes } from "../../store/bytes.ts";

export function isValidUtf8(text: string): boolean {
  return isUtf8(toBytes(text));
}

/**
 * The index of the first byte that cannot be where it is; the length of the text when only the end of the last
 * character is missing; undefined when all is well.
 */
export function firstIllFormedByte(text: string): number | undefined {
  let index = 0;
  while (index < text.length) {
    const lead = text.charCodeAt(index++);
    if (lead < 0x80) continue;
    const length = continuationBytes(lead);
    if (length === 0) return index - 1;
    for (let i = 0; i < length; i++, index++) {
      if (index === text.length) return index;
      const byte = text.charCodeAt(index);
      const [lowest, highest] = i === 0 ? secondByteRange(lead) : [0x80, 0xbf];
      if (byte < lowest || byte > highest) return index;
    }
  }
  return undefined;
}

/** 0: no character starts with this byte. */
function continuationBytes(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/** Narrower where overlong forms, surrogates and what is above U+10FFFF would be. */
function secondByteRange(lead: number): readonly [lowest: number, highest: number] {
  switch (lead) {
    case 0xe0:
      return [0xa0, 0xbf];
    case 0xed:
      return [0x80, 0x9f];
    case 0xf0:
      return [0x90, 0xbf];
    case 0xf4:
      return [0x80, 0x8f];
    default:
      return [0x80, 0xbf];
  }
}
