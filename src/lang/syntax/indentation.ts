/**
 * Indented strings (`'' ... ''`): the spaces that all lines have in common are not part of the string.
 * Nix manual, "String literal".
 */
import type { Expr } from "./ast.ts";
import type { Pos } from "./positions.ts";

export type IndentedPiece =
  | {
      readonly kind: "text";
      readonly pos: Pos;
      readonly text: string;
      /** Written literally: its spaces at line starts are indentation. Not so with an escape (`''\n`, `''$`, `'''`). */
      readonly indents: boolean;
    }
  | { readonly kind: "expr"; readonly pos: Pos; readonly expr: Expr };

const newline = 10;
const space = 32;

/** The parts of the string without their indentation; empty texts are left out. */
export function stripIndentation(pieces: readonly IndentedPiece[]): { positions: Pos[]; parts: Expr[] } {
  const indentation = commonIndentation(pieces);
  const positions: Pos[] = [];
  const parts: Expr[] = [];
  const stripper = new Stripper(indentation);
  pieces.forEach((piece, index) => {
    if (piece.kind === "expr") {
      stripper.interpolation();
      positions.push(piece.pos);
      parts.push(piece.expr);
      return;
    }
    const stripped = stripper.text(piece.text);
    const value = index === pieces.length - 1 ? withoutBlankLastLine(stripped) : stripped;
    if (value === "") return;
    positions.push(piece.pos);
    parts.push({ kind: "string", pos: piece.pos, value });
  });
  return { positions, parts };
}

/** Number of spaces that every line begins with; lines of spaces alone do not count. */
function commonIndentation(pieces: readonly IndentedPiece[]): number {
  let atLineStart = true;
  let common = Number.POSITIVE_INFINITY;
  let current = 0;
  const endOfIndentation = () => {
    atLineStart = false;
    if (current < common) common = current;
  };
  for (const piece of pieces) {
    if (piece.kind === "expr" || !piece.indents) {
      if (atLineStart) endOfIndentation();
      continue;
    }
    const { text } = piece;
    let i = 0;
    while (i < text.length) {
      if (!atLineStart) {
        const lineEnd = text.indexOf("\n", i);
        if (lineEnd < 0) break;
        i = lineEnd + 1;
        atLineStart = true;
        current = 0;
        continue;
      }
      const byte = text.charCodeAt(i);
      if (byte === space) current++;
      else if (byte === newline) current = 0;
      else endOfIndentation();
      i++;
    }
  }
  return common;
}

/** Drops up to `indentation` spaces at each line start; a line may go on over several pieces. */
class Stripper {
  private readonly indentation: number;
  private atLineStart = true;
  private dropped = 0;

  constructor(indentation: number) {
    this.indentation = indentation;
  }

  interpolation(): void {
    this.atLineStart = false;
    this.dropped = 0;
  }

  text(text: string): string {
    const kept: string[] = [];
    let i = 0;
    while (i < text.length) {
      if (this.atLineStart) i = this.skipIndentation(text, i);
      const newlineAt = text.indexOf("\n", i);
      const lineEnd = newlineAt < 0 ? text.length : newlineAt + 1;
      if (lineEnd > i) {
        kept.push(text.slice(i, lineEnd));
        if (newlineAt >= 0) {
          this.atLineStart = true;
          this.dropped = 0;
        } else if (!isBlank(text, i, lineEnd)) {
          this.interpolation();
        }
      }
      i = lineEnd;
    }
    return kept.length === 1 ? kept[0]! : kept.join("");
  }

  private skipIndentation(text: string, from: number): number {
    let i = from;
    while (this.dropped < this.indentation && text.charCodeAt(i) === space) {
      this.dropped++;
      i++;
    }
    return i;
  }
}

function isBlank(text: string, from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (text.charCodeAt(i) !== space) return false;
  return true;
}

/** The spaces in front of the closing quotes are not part of the string. */
function withoutBlankLastLine(text: string): string {
  const lastLine = text.lastIndexOf("\n") + 1;
  return lastLine > 0 && isBlank(text, lastLine, text.length) ? text.slice(0, lastLine) : text;
}
