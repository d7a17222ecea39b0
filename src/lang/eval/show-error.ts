/** A failed evaluation as text, laid out as Nix does: the trace from the outside in, then the message. */
import { fromText } from "../../store/bytes.ts";
import { excerpt } from "../syntax/excerpt.ts";
import { noPos, type Pos } from "../syntax/positions.ts";
import type { NixError, TraceFrame } from "./errors.ts";
import { didYouMean } from "./suggestions.ts";

export interface ShowErrorOptions {
  /** The whole trace, with all calls of functions (`--show-trace`). */
  readonly showTrace: boolean;
}

/** Continuation lines stand below the text that follows `error: `. */
const indentation = " ".repeat("error: ".length);

const ellipsis = fromText("\u2026");

/** So much of the trace is shown otherwise; a frame with a source line counts twice. */
const briefTrace = 4;

/** A run of repeated frames as long as this is shown in full. */
const fewRepeated = 5;

/** A byte string of several lines without a line end at the last; starts with `error:`. */
export function showError(error: NixError, options: ShowErrorOptions): string {
  const body = [error.message, ...at(error.pos ?? noPos, "")];
  const hint = didYouMean(error.suggestions);
  if (hint !== undefined) body.push(hint);
  const trace = showTrace(error.trace, options.showTrace);
  if (trace.length === 0) return indented(`error: ${body.join("\n")}`);
  return indented(["error:", ...trace, "", `error: ${body.join("\n")}`].join("\n"));
}

function indented(text: string): string {
  const [first, ...rest] = text.split("\n");
  return [first!, ...rest.map((line) => (line === "" ? "" : indentation + line))].join("\n");
}

/** The place, its first line (only that, as Nix does) with `indent` in front. */
function at(pos: Pos, indent: string): string[] {
  const place = excerpt(pos);
  return place === "" ? [] : (indent + place).split("\n");
}

function showTrace(frames: readonly TraceFrame[], full: boolean): string[] {
  const lines: string[] = [];
  let count = 0;
  let truncated = false;
  let seen = new Set<string>();
  let repeated: TraceFrame[] = [];
  const print = (frame: TraceFrame): void => {
    lines.push(...(lines.length > 0 ? [""] : []), `${ellipsis} ${frame.message}`, ...at(frame.pos, "  "));
    count += frame.pos === noPos ? 1 : 2;
  };
  const printRepeated = (): void => {
    if (repeated.length > fewRepeated) {
      lines.push("", `(${repeated.length} duplicate frames omitted)`);
      seen = new Set();
    } else {
      for (const frame of repeated) print(frame);
    }
    repeated = [];
  };
  for (const frame of frames.toReversed()) {
    if (frame.message === "" || (frame.detail === true && !full)) continue;
    if (!full && count >= briefTrace) truncated = true;
    if (truncated && frame.always !== true) continue;
    const identity = `${frame.pos} ${frame.message}`;
    if (seen.has(identity)) {
      repeated.push(frame);
      continue;
    }
    printRepeated();
    seen.add(identity);
    print(frame);
  }
  printRepeated();
  if (truncated) {
    lines.push("", "(stack trace truncated; use '--show-trace' to show the full, detailed trace)");
  }
  return lines;
}
