/**
 * Syntax of POSIX extended regular expressions (POSIX.1-2017 XBD 9.4) as libstdc++'s `std::regex` reads them,
 * which is what Nix uses: `\` escapes only the special characters `.[\()*+?{|^$`, has no meaning inside brackets,
 * there are no back-references, an empty branch is allowed, a repetition needs something before it.
 */
import { anyByte, ByteSet, characterClass, collatingSymbol, equivalenceClass } from "./regex-sets.ts";

export type RegexNode =
  | { readonly kind: "set"; readonly set: ByteSet }
  | { readonly kind: "start" }
  | { readonly kind: "end" }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly branches: readonly RegexNode[] }
  | { readonly kind: "group" /** From 1. */; readonly index: number; readonly body: RegexNode }
  | { readonly kind: "repeat"; readonly body: RegexNode; readonly min: number; readonly max: number };

export interface ParsedRegex {
  readonly root: RegexNode;
  /** How many groups there are. */
  readonly groups: number;
}

/** `invalid`: not a regular expression; `tooLarge`: more than {@link stateLimit} states. */
export class RegexError extends Error {
  override readonly name = "RegexError";
  readonly reason: "invalid" | "tooLarge";
  constructor(reason: "invalid" | "tooLarge", message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The size of an automaton at which libstdc++ gives up (`_GLIBCXX_REGEX_STATE_LIMIT`). */
const stateLimit = 100_000;

const specialCharacters = ".[\\()*+?{|^$";

/** A node and the number of automaton states that libstdc++ makes for it. */
interface Sized {
  readonly node: RegexNode;
  readonly states: number;
}

/** Parses a byte string. Throws {@link RegexError}. */
export function parseRegex(text: string): ParsedRegex {
  return new Parser(text).parse();
}

class Parser {
  private readonly text: string;
  private position = 0;
  private groups = 0;
  /** All states made so far, also those that only served as the model of copies. */
  private states = 3;

  constructor(text: string) {
    this.text = text;
  }

  parse(): ParsedRegex {
    const { node } = this.choice();
    if (this.position < this.text.length) this.fail("unexpected character");
    return { root: node, groups: this.groups };
  }

  private fail(message: string): never {
    throw new RegexError("invalid", `${message} at byte ${this.position}`);
  }

  private peek(): string | undefined {
    return this.text[this.position];
  }

  private accept(character: string): boolean {
    if (this.peek() !== character) return false;
    this.position++;
    return true;
  }

  private made(node: RegexNode, newStates: number, states = newStates): Sized {
    this.states += newStates;
    if (this.states > stateLimit) throw new RegexError("tooLarge", "too many states");
    return { node, states };
  }

  private choice(): Sized {
    const first = this.sequence();
    const branches = [first.node];
    let states = first.states;
    while (this.accept("|")) {
      const branch = this.sequence();
      branches.push(branch.node);
      states += branch.states + 2;
      this.made(branch.node, 2);
    }
    if (branches.length === 1) return first;
    return { node: joinedSets(branches) ?? { kind: "choice", branches }, states };
  }

  private sequence(): Sized {
    const items: RegexNode[] = [];
    let states = 1;
    for (let term = this.term(); term !== undefined; term = this.term()) {
      items.push(term.node);
      states += term.states;
    }
    const node: RegexNode = items.length === 1 ? items[0]! : { kind: "sequence", items };
    return this.made(node, 1, states);
  }

  private term(): Sized | undefined {
    if (this.accept("^")) return this.made({ kind: "start" }, 1);
    if (this.accept("$")) return this.made({ kind: "end" }, 1);
    let atom = this.atom();
    if (atom === undefined) return undefined;
    for (let next = this.quantified(atom); next !== undefined; next = this.quantified(atom)) atom = next;
    return atom;
  }

  private atom(): Sized | undefined {
    const character = this.peek();
    switch (character) {
      case undefined:
      case "|":
      case ")":
      case "*":
      case "+":
      case "?":
      case "{":
        return undefined;
      case "(": {
        this.position++;
        const index = ++this.groups;
        const body = this.choice();
        if (!this.accept(")")) this.fail("unclosed group");
        return this.made({ kind: "group", index, body: body.node }, 2, body.states + 2);
      }
      case "[":
        this.position++;
        return this.made({ kind: "set", set: this.bracket() }, 1);
      case ".":
        this.position++;
        return this.made({ kind: "set", set: anyByte }, 1);
      case "\\": {
        const escaped = this.text[this.position + 1];
        if (escaped === undefined || !specialCharacters.includes(escaped)) this.fail("invalid escape");
        this.position += 2;
        return this.made({ kind: "set", set: ByteSet.of(escaped.charCodeAt(0)) }, 1);
      }
      default:
        this.position++;
        return this.made({ kind: "set", set: ByteSet.of(character.charCodeAt(0)) }, 1);
    }
  }

  private quantified({ node: body, states }: Sized): Sized | undefined {
    if (this.accept("*"))
      return this.made({ kind: "repeat", body, min: 0, max: Number.POSITIVE_INFINITY }, 1, states + 1);
    if (this.accept("+"))
      return this.made({ kind: "repeat", body, min: 1, max: Number.POSITIVE_INFINITY }, 1, states + 1);
    if (this.accept("?")) return this.made({ kind: "repeat", body, min: 0, max: 1 }, 2, states + 2);
    if (!this.accept("{")) return undefined;
    const min = this.count() ?? this.fail("a number must follow '{'");
    let max = min;
    if (this.accept(",")) max = this.count() ?? Number.POSITIVE_INFINITY;
    if (!this.accept("}")) this.fail("unclosed '{'");
    if (max < min) this.fail("invalid interval");
    const copies =
      max === Number.POSITIVE_INFINITY ? (min + 1) * states : min * states + (max - min) * (states + 1);
    return this.made({ kind: "repeat", body, min, max }, copies + 2);
  }

  private count(): number | undefined {
    const digits = /[0-9]*/y;
    digits.lastIndex = this.position;
    const found = digits.exec(this.text)![0];
    this.position += found.length;
    return found === "" ? undefined : Number(found);
  }

  /** After the `[`. */
  private bracket(): ByteSet {
    const set = new ByteSet();
    const negated = this.accept("^");
    /** What a following `-` would be the start of a range of; a class cannot be one. */
    let previous: number | "class" | undefined;
    for (let first = true; ; first = false) {
      const item = this.bracketItem(first);
      if (item === "end") return negated ? set.complement() : set;
      if (item instanceof ByteSet) {
        set.addAll(item);
        previous = "class";
      } else if (item !== "dash") {
        set.addRange(item, item);
        previous = item;
      } else if (first) {
        set.addRange(45, 45);
        previous = 45;
      } else if (this.peek() === "]") {
        set.addRange(45, 45);
      } else {
        if (typeof previous !== "number") this.fail("misplaced '-'");
        if (this.text.startsWith("[.", this.position)) this.fail("a range cannot end in a collating symbol");
        const last = this.bracketItem(false);
        if (last === "end" || last instanceof ByteSet) this.fail("invalid end of a range");
        addSignedRange(set, previous, last === "dash" ? 45 : last) || this.fail("invalid range");
        previous = undefined;
      }
    }
  }

  /** One token inside brackets; a collating symbol counts as its byte. */
  private bracketItem(first: boolean): number | ByteSet | "dash" | "end" {
    const character = this.peek();
    if (character === undefined) return this.fail("unclosed '['");
    this.position++;
    if (character === "-") return "dash";
    if (character === "]" && !first) return "end";
    if (character !== "[") return character.charCodeAt(0);
    const kind = this.peek();
    if (kind === undefined) return this.fail("unclosed '['");
    if (kind !== "." && kind !== ":" && kind !== "=") return 91;
    const close = this.text.indexOf(kind, this.position + 1);
    if (close < 0 || this.text[close + 1] !== "]") return this.fail(`unclosed '[${kind}'`);
    const name = this.text.slice(this.position + 1, close);
    this.position = close + 2;
    const meaning =
      kind === ":" ? characterClass(name) : kind === "." ? collatingSymbol(name) : equivalenceClass(name);
    return meaning ?? this.fail(`unknown name '${name}'`);
  }
}

/** Ranges compare bytes as C's signed `char`: 0x80..0xff come before 0x00. False when the ends are swapped. */
function addSignedRange(set: ByteSet, first: number, last: number): boolean {
  const signed = (byte: number) => (byte < 128 ? byte : byte - 256);
  if (signed(first) > signed(last)) return false;
  if (first <= last) set.addRange(first, last);
  else set.addRange(first, 255).addRange(0, last);
  return true;
}

/** Branches of one byte each are one set. */
function joinedSets(branches: readonly RegexNode[]): RegexNode | undefined {
  const union = new ByteSet();
  for (const branch of branches) {
    if (branch.kind !== "set") return undefined;
    union.addAll(branch.set);
  }
  return { kind: "set", set: union };
}
