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
  /** The lines around it; undefined when it is the first or the last one. */
  readonly previousLine: string | undefined;
  readonly nextLine: string | undefined;
}

const starts: number[] = [];
const sources: Source[] = [];
/** Parallel to `sources`; made when a line is asked for. */
const lineTables: (Uint32Array | undefined)[] = [];
let nextStart = 1;

/** Registers a source text; the position of byte `i` in it is `base + i`. */
export function addSource(source: Source): Pos {
  const base = nextStart;
  starts.push(base);
  sources.push(source);
  nextStart += source.text.length + 1;
  return base as Pos;
}

/** The text that a position is in, and how many bytes in. */
export function sourceAt(pos: Pos): { readonly source: Source; readonly offset: number } | undefined {
  if (pos === noPos) return undefined;
  const index = lastNotAbove(starts, pos);
  const source = sources[index];
  return source && { source, offset: pos - starts[index]! };
}

export function resolvePos(pos: Pos): ResolvedPos | undefined {
  if (pos === noPos) return undefined;
  const index = lastNotAbove(starts, pos);
  const source = sources[index];
  if (source === undefined) return undefined;
  let lines = lineTables[index];
  if (lines === undefined) {
    lines = lineStarts(source.text);
    lineTables[index] = lines;
  }
  const offset = pos - starts[index]!;
  const line = lastNotAbove(lines, offset);
  return {
    source,
    line: line + 1,
    column: offset - lines[line]! + 1,
    lineText: lineAt(source.text, lines, line)!,
    previousLine: lineAt(source.text, lines, line - 1),
    nextLine: lineAt(source.text, lines, line + 1),
  };
}

/** Index of the last element that is not above the value, in ascending numbers; 0 when all are above. */
function lastNotAbove(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (ascending[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where each line begins. A line ends with LF, CR LF or CR, as Nix counts; there is one more behind the last end. */
function lineStarts(text: string): Uint32Array {
  const found = [0];
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    if (byte === 10 || (byte === 13 && text.charCodeAt(i + 1) !== 10)) found.push(i + 1);
  }
  return Uint32Array.from(found);
}

function lineAt(text: string, lines: Uint32Array, line: number): string | undefined {
  const start = lines[line];
  if (start === undefined) return undefined;
  let end = lines[line + 1] ?? text.length;
  while (end > start && (text.charCodeAt(end - 1) === 10 || text.charCodeAt(end - 1) === 13)) end--;
  return text.slice(start, end);
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
