/**
 * Sets of bytes: what one position of a regular expression can match. Classes and names are those of the POSIX
 * locale, which is the one that Nix matches in.
 */

/** A set of byte values. */
export class ByteSet {
  private readonly members = new Uint8Array(256);

  static of(byte: number): ByteSet {
    return new ByteSet().addRange(byte, byte);
  }

  has(byte: number): boolean {
    return this.members[byte] === 1;
  }

  addRange(first: number, last: number): this {
    this.members.fill(1, first, last + 1);
    return this;
  }

  addAll(other: ByteSet): this {
    for (let byte = 0; byte < 256; byte++) if (other.members[byte] === 1) this.members[byte] = 1;
    return this;
  }

  complement(): ByteSet {
    const result = new ByteSet();
    for (let byte = 0; byte < 256; byte++) result.members[byte] = 1 - this.members[byte]!;
    return result;
  }

  intersects(other: ByteSet): boolean {
    return this.members.some((member, byte) => member === 1 && other.members[byte] === 1);
  }

  /** Maximal runs, ascending. */
  ranges(): (readonly [first: number, last: number])[] {
    const found: [number, number][] = [];
    for (let byte = 0; byte < 256; byte++) {
      if (this.members[byte] === 0) continue;
      const last = found.at(-1);
      if (last !== undefined && last[1] === byte - 1) last[1] = byte;
      else found.push([byte, byte]);
    }
    return found;
  }
}

/** What `.` matches: everything but NUL, which no Nix string contains. */
export const anyByte = new ByteSet().addRange(1, 255);

const classRanges: Readonly<Record<string, readonly (readonly [number, number])[]>> = (() => {
  const digit = [[48, 57]] as const;
  const upper = [[65, 90]] as const;
  const lower = [[97, 122]] as const;
  const space = [
    [9, 13],
    [32, 32],
  ] as const;
  const alnum = [...digit, ...upper, ...lower];
  return {
    alnum,
    alpha: [...upper, ...lower],
    blank: [
      [9, 9],
      [32, 32],
    ],
    cntrl: [
      [0, 31],
      [127, 127],
    ],
    digit,
    graph: [[33, 126]],
    lower,
    print: [[32, 126]],
    punct: [
      [33, 47],
      [58, 64],
      [91, 96],
      [123, 126],
    ],
    space,
    upper,
    xdigit: [...digit, [65, 70], [97, 102]],
    // Not in POSIX; libstdc++ knows them by these names too.
    d: digit,
    s: space,
    w: [...alnum, [95, 95]],
  };
})();

/** `[:name:]`, in any case of letters as libstdc++ takes it; undefined for an unknown name. */
export function characterClass(name: string): ByteSet | undefined {
  const key = name.toLowerCase();
  if (!Object.hasOwn(classRanges, key)) return undefined;
  const set = new ByteSet();
  for (const [first, last] of classRanges[key]!) set.addRange(first, last);
  return set;
}

/** The names of ASCII in the order of the codes; letters are named by themselves (POSIX XBD 6.1, table 6-1). */
const symbolNames: readonly string[] = [
  "NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab form-feed carriage-return SO SI",
  "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1",
  "space exclamation-mark quotation-mark number-sign dollar-sign percent-sign ampersand apostrophe",
  "left-parenthesis right-parenthesis asterisk plus-sign comma hyphen period slash",
  "zero one two three four five six seven eight nine",
  "colon semicolon less-than-sign equals-sign greater-than-sign question-mark commercial-at",
  "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
  "left-square-bracket backslash right-square-bracket circumflex underscore grave-accent",
  "a b c d e f g h i j k l m n o p q r s t u v w x y z",
  "left-curly-bracket vertical-line right-curly-bracket tilde DEL",
].flatMap((line) => line.split(" "));

/** The byte that `[.name.]` stands for. */
export function collatingSymbol(name: string): number | undefined {
  const code = symbolNames.indexOf(name);
  return code < 0 ? undefined : code;
}

/** `[=name=]`: in the POSIX locale a letter is equivalent to its other case. */
export function equivalenceClass(name: string): ByteSet | undefined {
  const code = collatingSymbol(name);
  if (code === undefined) return undefined;
  const set = ByteSet.of(code);
  const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return isLetter ? set.addRange(code ^ 32, code ^ 32) : set;
}
