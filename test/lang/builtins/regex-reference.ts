/**
 * The meaning of regular expressions, written down as directly as possible (and exponentially slow): what to try in
 * which order, continuing with the rest of the expression. No repetition of what may be empty.
 */
import type { Groups } from "../../../src/lang/builtins/regex.ts";
import { parseRegex, type RegexNode } from "../../../src/lang/builtins/regex-syntax.ts";

interface Found {
  readonly end: number;
  readonly groups: Groups;
}

type Continuation = (place: number, groups: Groups) => Found | undefined;

function attempt(
  text: string,
  node: RegexNode,
  place: number,
  groups: Groups,
  rest: Continuation,
): Found | undefined {
  switch (node.kind) {
    case "set":
      return place < text.length && node.set.has(text.charCodeAt(place))
        ? rest(place + 1, groups)
        : undefined;
    case "start":
      return place === 0 ? rest(place, groups) : undefined;
    case "end":
      return place === text.length ? rest(place, groups) : undefined;
    case "sequence": {
      const [first, ...others] = node.items;
      if (first === undefined) return rest(place, groups);
      const remaining: RegexNode = { kind: "sequence", items: others };
      return attempt(text, first, place, groups, (end, now) => attempt(text, remaining, end, now, rest));
    }
    case "choice":
      return node.branches
        .map((branch) => attempt(text, branch, place, groups, rest))
        .reduce((best, found) =>
          best === undefined || (found !== undefined && found.end > best.end) ? found : best,
        );
    case "group":
      return attempt(text, node.body, place, groups, (end, now) =>
        rest(end, now.with(node.index - 1, text.slice(place, end))),
      );
    case "repeat": {
      const { body, min, max } = node;
      const fewer: RegexNode = { kind: "repeat", body, min: Math.max(min - 1, 0), max: max - 1 };
      const more =
        max > 0
          ? attempt(text, body, place, groups, (end, now) => attempt(text, fewer, end, now, rest))
          : undefined;
      return more ?? (min === 0 ? rest(place, groups) : undefined);
    }
  }
}

export function referenceMatch(source: string, text: string): Groups | undefined {
  const { root, groups } = parseRegex(source);
  const none = new Array<null>(groups).fill(null);
  const atEnd: Continuation = (end, now) => (end === text.length ? { end, groups: now } : undefined);
  return attempt(text, root, 0, none, atEnd)?.groups;
}

/** Texts and groups in turn, as `builtins.split` gives them. */
export function referenceSplit(source: string, text: string): (string | Groups)[] {
  const { root, groups } = parseRegex(source);
  const none = new Array<null>(groups).fill(null);
  const result: (string | Groups)[] = [];
  let behind = 0;
  let place = 0;
  while (place <= text.length) {
    const found = attempt(text, root, place, none, (end, now) => ({ end, groups: now }));
    if (found === undefined) {
      place++;
      continue;
    }
    result.push(text.slice(behind, place), found.groups);
    behind = found.end;
    place = found.end === place ? place + 1 : found.end;
  }
  return [...result, text.slice(behind)];
}
