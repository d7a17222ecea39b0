/**
 * A matcher with exactly the preferences of libstdc++'s `std::regex` in POSIX mode, in time linear in the text
 * for each starting point (times the size of the expression): no expression makes it explode.
 *
 * libstdc++ searches depth first. At an alternative it tries both sides and keeps the longer match, the left one of
 * two equally long ones; at a repetition it tries one more round first, and leaves the repetition only when that led
 * to no match at all (so that its result is not always POSIX's longest one); what a group matched in an earlier
 * round of a repetition stays until it matches again; at one place of the text a repetition is entered at most twice.
 * The outcome from a state at a place depends on nothing else, so that it is computed once and remembered.
 */
import type { ByteSet } from "./regex-sets.ts";
import type { ParsedRegex, RegexNode } from "./regex-syntax.ts";
import { canBeEmpty } from "./regex-translate.ts";

type State =
  | { readonly op: "byte"; readonly set: ByteSet; readonly next: number }
  | { readonly op: "start" | "end"; readonly next: number }
  | { readonly op: "open" | "close"; readonly group: number; readonly next: number }
  /** `next` is the right side. */
  | { readonly op: "choice"; readonly first: number; readonly next: number }
  /** `counter`: which digit of the entry counts is this one's; -1 when it cannot be entered twice at one place. */
  | { readonly op: "repeat"; first: number; readonly next: number; readonly counter: number }
  | { readonly op: "accept" };

/** Start and end of each group; both -1 when it took no part. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (readonly [start: number, end: number])[];
}

export class Automaton {
  private readonly states: State[] = [];
  private readonly startState: number;
  private readonly groups: number;
  /** How many repetitions may be entered more than once at one place. */
  private counters = 0;

  constructor(parsed: ParsedRegex) {
    this.groups = parsed.groups;
    const accept = this.add({ op: "accept" });
    this.startState = this.build(parsed.root, accept, false);
  }

  /** A matcher for one text. */
  on(text: string, whole: boolean): AutomatonRun {
    return new AutomatonRun(this.states, this.startState, this.groups, this.counters, text, whole);
  }

  private add(state: State): number {
    return this.states.push(state) - 1;
  }

  /** Adds the states of a node in front of `next` and returns the first one. */
  private build(node: RegexNode, next: number, inEmptyLoop: boolean): number {
    switch (node.kind) {
      case "set":
        return this.add({ op: "byte", set: node.set, next });
      case "start":
      case "end":
        return this.add({ op: node.kind, next });
      case "sequence":
        return node.items.reduceRight((after, item) => this.build(item, after, inEmptyLoop), next);
      case "choice":
        return node.branches
          .map((branch) => this.build(branch, next, inEmptyLoop))
          .reduce((left, right) => this.add({ op: "choice", first: left, next: right }));
      case "group": {
        const close = this.add({ op: "close", group: node.index, next });
        return this.add({ op: "open", group: node.index, next: this.build(node.body, close, inEmptyLoop) });
      }
      case "repeat":
        return this.buildRepeat(node.body, node.min, node.max, next, inEmptyLoop);
    }
  }

  private buildRepeat(body: RegexNode, min: number, max: number, next: number, inEmptyLoop: boolean): number {
    let first = next;
    let required = min;
    if (max === Number.POSITIVE_INFINITY) {
      const nested = inEmptyLoop || canBeEmpty(body);
      const repeat: State = { op: "repeat", first: -1, next, counter: nested ? this.counters++ : -1 };
      const loop = this.add(repeat);
      repeat.first = this.build(body, loop, nested);
      // `x+` is a round before the loop that is at the same time the loop's: one more copy would count entries apart.
      if (min === 1) return repeat.first;
      first = loop;
    } else {
      for (let i = min; i < max; i++) {
        const counter = inEmptyLoop ? this.counters++ : -1;
        first = this.add({ op: "repeat", first: this.build(body, first, inEmptyLoop), next, counter });
      }
    }
    for (; required > 0; required--) first = this.build(body, first, inEmptyLoop);
    return first;
  }
}

/** Marks of the explicit stack: which side of a state is being explored. */
const exploringFirst = -3;
const exploringRest = -2;

/** One text being matched; what was found out for it is remembered between calls. */
export class AutomatonRun {
  private readonly states: readonly State[];
  private readonly startState: number;
  private readonly groups: number;
  private readonly text: string;
  private readonly whole: boolean;
  /** No match may end here: a match must not be empty. */
  private refusedEnd = -1;
  /** (entry counts, place, state) to twice the end of the match, plus 1 when the second side leads there; -1: none. */
  private readonly outcomes = new Map<number, number>();
  /** Vectors of entry counts, numbered; number 0 is that of all zeros. */
  private readonly countVectors: string[];
  private readonly countNumbers: Map<string, number>;

  constructor(
    states: readonly State[],
    startState: number,
    groups: number,
    counters: number,
    text: string,
    whole: boolean,
  ) {
    this.states = states;
    this.startState = startState;
    this.groups = groups;
    this.text = text;
    this.whole = whole;
    const none = "\0".repeat(counters);
    this.countVectors = [none];
    this.countNumbers = new Map([[none, 0]]);
  }

  /** The preferred match that starts here; `nonEmpty`: among those of at least one byte. */
  matchAt(start: number, nonEmpty = false): Match | undefined {
    if (nonEmpty) {
      this.outcomes.clear();
      this.refusedEnd = start;
    }
    const end = this.explore(start);
    const match = end < 0 ? undefined : { start, end, groups: this.replay(start) };
    if (nonEmpty) {
      this.outcomes.clear();
      this.refusedEnd = -1;
    }
    return match;
  }

  /** Drops what is remembered; later matches start behind it. */
  forget(): void {
    this.outcomes.clear();
  }

  private key(state: number, place: number, counts: number): number {
    return (counts * (this.text.length + 1) + place) * this.states.length + state;
  }

  /** The counts after one more entry of a repetition; -1 when it may not be entered again. */
  private entered(counts: number, counter: number): number {
    if (counter < 0) return counts;
    const vector = this.countVectors[counts]!;
    const entries = vector.charCodeAt(counter);
    if (entries === 2) return -1;
    const after = vector.slice(0, counter) + String.fromCharCode(entries + 1) + vector.slice(counter + 1);
    let number = this.countNumbers.get(after);
    if (number === undefined) {
      number = this.countVectors.push(after) - 1;
      this.countNumbers.set(after, number);
    }
    return number;
  }

  /** Where the preferred match ends; -1 for none. */
  private explore(start: number): number {
    const { states, text, outcomes } = this;
    const length = text.length;
    /** Entries of four: state, place, counts, mark or what the first side gave. */
    const stack: number[] = [];
    let state = this.startState;
    let place = start;
    let counts = 0;
    for (;;) {
      let outcome = -1;
      descend: for (;;) {
        const current = states[state]!;
        switch (current.op) {
          case "byte":
            if (place >= length || !current.set.has(text.charCodeAt(place))) break descend;
            place++;
            counts = 0;
            break;
          case "start":
            if (place !== 0) break descend;
            break;
          case "end":
            if (place !== length) break descend;
            break;
          case "open":
          case "close":
            break;
          case "accept":
            if ((!this.whole || place === length) && place !== this.refusedEnd) outcome = place;
            break descend;
          case "choice":
          case "repeat": {
            const known = outcomes.get(this.key(state, place, counts));
            if (known !== undefined) {
              outcome = known < 0 ? -1 : known >> 1;
              break descend;
            }
            const inside = current.op === "repeat" ? this.entered(counts, current.counter) : counts;
            if (inside < 0) break;
            stack.push(state, place, counts, exploringFirst);
            counts = inside;
            state = current.first;
            continue;
          }
        }
        state = current.next;
      }
      // Hand the outcome to the states that wait for it, until one has another side to explore.
      for (;;) {
        const mark = stack.pop();
        if (mark === undefined) return outcome;
        counts = stack.pop()!;
        place = stack.pop()!;
        state = stack.pop()!;
        const waiting = states[state]! as Extract<State, { op: "choice" | "repeat" }>;
        const decided = outcome >= 0 && (waiting.op === "repeat" || this.whole);
        if (mark === exploringFirst && !decided) {
          stack.push(state, place, counts, outcome < 0 ? exploringRest : outcome);
          state = waiting.next;
          break;
        }
        const first = mark === exploringFirst ? outcome : mark === exploringRest ? -1 : mark;
        const firstIsBetter = mark === exploringFirst || (first >= 0 && outcome <= first);
        const end = firstIsBetter ? first : outcome;
        outcomes.set(this.key(state, place, counts), end < 0 ? -1 : 2 * end + (firstIsBetter ? 0 : 1));
        outcome = end;
      }
    }
  }

  /** Follows the decisions of {@link explore} and notes where the groups matched. */
  private replay(start: number): (readonly [number, number])[] {
    const opened = new Array<number>(this.groups).fill(-1);
    const found = new Array<readonly [number, number]>(this.groups).fill([-1, -1]);
    let state = this.startState;
    let place = start;
    let counts = 0;
    for (;;) {
      const current = this.states[state]!;
      switch (current.op) {
        case "accept":
          return found;
        case "byte":
          place++;
          counts = 0;
          break;
        case "open":
          opened[current.group - 1] = place;
          break;
        case "close":
          found[current.group - 1] = [opened[current.group - 1]!, place];
          break;
        case "choice":
        case "repeat": {
          const inside = current.op === "repeat" ? this.entered(counts, current.counter) : counts;
          if (inside < 0 || (this.outcomes.get(this.key(state, place, counts))! & 1) === 1) break;
          counts = inside;
          state = current.first;
          continue;
        }
        default:
          break;
      }
      state = current.next;
    }
  }
}
