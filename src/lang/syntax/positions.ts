/**
 * Source positions as single integers: every source text gets a range of numbers when it is registered, and a
 * position is the start of that range plus the byte offset. Line and column are computed only when asked for.
 */
export type Pos = number & { readonly __pos: never };

/** The position of things that no source text has. */
export const noPos = 0 as Pos;

export type Origin =
  | { readonly kind: "file" /** absolute path, a byte string */; readonly path: string }
  | { readonly kind: "string" }
  | { readonly kind: "stdin" }
  /** Something that a built-in (TypeScript) definition made, e.g. an option of a platform. */
  | { readonly kind: "builtin"; readonly name: string };

export interface Source {
  readonly origin: Origin;
  /** The text, a byte string. */
  readonly text: string;
}

export interface ResolvedPos {
  readonly source: Source;
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes, as Nix counts. */
  readonly column: number;
  /** The line's text without its line end. */
  readonly lineText: string;
}

const starts: number[] = [];
const sources: Source[] = [];
let nextStart = 1;

/** Registers a source text; the position of byte `i` in it is `base + i`. */
export function addSource(source: Source): Pos {
  const base = nextStart;
  starts.push(base);
  sources.push(source);
  nextStart += source.text.length + 1;
  return base as Pos;
}

export function resolvePos(pos: Pos): ResolvedPos | undefined {
  if (pos === noPos) return undefined;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= pos) low = middle;
    else high = middle - 1;
  }
  const source = sources[low];
  if (source === undefined) return undefined;
  const offset = pos - starts[low]!;
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  let line = 1;
  for (let i = 0; i < lineStart; i++) if (before.charCodeAt(i) === 10) line++;
  const lineEnd = source.text.indexOf("\n", offset);
  return {
    source,
    line,
    column: offset - lineStart + 1,
    lineText: source.text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd),
  };
}

/** `file:line:column` as Nix prints it, e.g. `/etc/x.nix:3:1`, `«string»:1:5` (a byte string). */
export function formatPos(pos: Pos): string | undefined {
  const at = resolvePos(pos);
  return at && `${formatOrigin(at.source.origin)}:${at.line}:${at.column}`;
}

export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "file":
      return origin.path;
    case "string":
      return "\xc2\xabstring\xc2\xbb";
    case "stdin":
      return "\xc2\xabstdin\xc2\xbb";
    case "builtin":
      return origin.name;
  }
}
