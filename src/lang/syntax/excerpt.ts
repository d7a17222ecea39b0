/** Shows a place in a source text as Nix does: position, the lines around it, a caret below the column. */
import { formatOrigin, type Pos, resolvePos } from "./positions.ts";

/**
 * Lines joined by LF, without one at the end (a byte string):
 *
 * ```text
 * at /etc/x.nix:3:5:
 *      2|   y = 456;
 *      3|   x = 789;
 *       |   ^
 *      4| }
 * ```
 * The empty string when the position is nowhere. The text is as in Nix's `error.cc`, without its colours.
 */
export function excerpt(pos: Pos): string {
  const at = resolvePos(pos);
  if (at === undefined) return "";
  const lines = [`at ${formatOrigin(at.source.origin)}:${at.line}:${at.column}:`];
  if (at.previousLine !== undefined) lines.push(numbered(at.line - 1, at.previousLine));
  lines.push(numbered(at.line, at.lineText), `      |${" ".repeat(at.column)}^`);
  if (at.nextLine !== undefined) lines.push(numbered(at.line + 1, at.nextLine));
  return lines.join("\n");
}

function numbered(line: number, text: string): string {
  return ` ${String(line).padStart(5)}| ${text}`.trimEnd();
}
