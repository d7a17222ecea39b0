/**
 * Regular expressions as `builtins.match` and `builtins.split` use them: POSIX extended, over byte strings, with
 * libstdc++'s preferences. Compiled expressions are kept, since programs use few of them often.
 */
import { Automaton, type AutomatonRun, type Match } from "./regex-automaton.ts";
import type { ByteSet } from "./regex-sets.ts";
import { type ParsedRegex, parseRegex, RegexError } from "./regex-syntax.ts";
import { canBeEmpty, firstBytes, translateRegex } from "./regex-translate.ts";

export { RegexError } from "./regex-syntax.ts";

/** What each group matched, null for those that took no part. */
export type Groups = readonly (string | null)[];

/** Texts around the matches and the groups of the matches: one text more than matches. */
export interface SplitText {
  readonly texts: readonly string[];
  readonly groups: readonly Groups[];
}

export class Regex {
  private readonly parsed: ParsedRegex;
  private wholeNative: RegExp | null | undefined;
  private searchNative: RegExp | null | undefined;
  private builtAutomaton: Automaton | undefined;
  private builtFirst: ByteSet | null | undefined;

  /** Throws {@link RegexError}. */
  constructor(source: string) {
    this.parsed = parseRegex(source);
  }

  /** The groups when the whole text matches. */
  match(text: string): Groups | undefined {
    if (this.wholeNative === undefined) this.wholeNative = translateRegex(this.parsed, "whole") ?? null;
    if (this.wholeNative !== null) {
      const found = this.wholeNative.exec(text);
      return found === null ? undefined : nativeGroups(found);
    }
    const found = this.automaton.on(text, true).matchAt(0);
    return found && groupTexts(found, text);
  }

  /** Every match from left to right, as `std::regex_iterator` finds them. */
  split(text: string): SplitText {
    if (this.searchNative === undefined) this.searchNative = translateRegex(this.parsed, "search") ?? null;
    return this.searchNative === null ? this.splitSlowly(text) : splitNatively(this.searchNative, text);
  }

  private get automaton(): Automaton {
    this.builtAutomaton ??= new Automaton(this.parsed);
    return this.builtAutomaton;
  }

  /** The bytes with which a match must start; null when it may be empty. */
  private get firstBytes(): ByteSet | null {
    if (this.builtFirst === undefined)
      this.builtFirst = canBeEmpty(this.parsed.root) ? null : firstBytes(this.parsed.root);
    return this.builtFirst;
  }

  private splitSlowly(text: string): SplitText {
    const run = this.automaton.on(text, false);
    const texts: string[] = [];
    const groups: Groups[] = [];
    let behind = 0;
    for (let match = this.search(run, text, 0); match !== undefined; ) {
      texts.push(text.slice(behind, match.start));
      groups.push(groupTexts(match, text));
      behind = match.end;
      run.forget();
      if (match.end > match.start) match = this.search(run, text, match.end);
      else if (match.end === text.length) break;
      else match = run.matchAt(match.end, true) ?? this.search(run, text, match.end + 1);
    }
    texts.push(text.slice(behind));
    return { texts, groups };
  }

  private search(run: AutomatonRun, text: string, from: number): Match | undefined {
    const first = this.firstBytes;
    for (let start = from; start <= text.length; start++) {
      if (first !== null && !(start < text.length && first.has(text.charCodeAt(start)))) continue;
      const match = run.matchAt(start);
      if (match !== undefined) return match;
    }
    return undefined;
  }
}

function splitNatively(expression: RegExp, text: string): SplitText {
  const texts: string[] = [];
  const groups: Groups[] = [];
  let behind = 0;
  expression.lastIndex = 0;
  for (let found = expression.exec(text); found !== null; found = expression.exec(text)) {
    const end = found.index + found[0].length;
    texts.push(text.slice(behind, found.index));
    groups.push(nativeGroups(found));
    behind = end;
    if (end > found.index) continue;
    if (end === text.length) break;
    expression.lastIndex = end + 1;
  }
  texts.push(text.slice(behind));
  return { texts, groups };
}

function nativeGroups(found: RegExpExecArray): Groups {
  const groups = new Array<string | null>(found.length - 1);
  for (let i = 1; i < found.length; i++) groups[i - 1] = found[i] ?? null;
  return groups;
}

function groupTexts(match: Match, text: string): Groups {
  return match.groups.map(([start, end]) => (start < 0 ? null : text.slice(start, end)));
}

/** More than any program uses; a bound for programs that make expressions from data. */
const cacheLimit = 4096;
const cache = new Map<string, Regex | RegexError>();

/** The compiled expression. Throws {@link RegexError}. */
export function compileRegex(source: string): Regex {
  const known = cache.get(source);
  if (known instanceof Regex) return known;
  if (known !== undefined) throw known;
  if (cache.size >= cacheLimit) cache.clear();
  try {
    const regex = new Regex(source);
    cache.set(source, regex);
    return regex;
  } catch (error) {
    if (error instanceof RegexError) cache.set(source, error);
    throw error;
  }
}
