/** What some think of URLs and paths that stand in an expression without quotes (nix.conf manual, `lint-...`). */
import type { EvalHost } from "../host.ts";
import type { LiteralKind, ParseOptions } from "../syntax/grammar.ts";
import { NixError } from "./errors.ts";
import { showError } from "./show-error.ts";

export type Severity = "ignore" | "warn" | "fatal";

/** Of URLs, of `/...` and `~/...`, and of relative paths that don't begin with a dot. */
export interface LiteralLint {
  readonly urls: Severity;
  readonly absolutePaths: Severity;
  readonly shortPaths: Severity;
}

/** Undefined: nobody has to look at literals. */
export function literalCheck(host: EvalHost, lint: LiteralLint | undefined): ParseOptions["onLiteral"] {
  if (lint === undefined || Object.values(lint).every((severity) => severity === "ignore")) return undefined;
  return (kind, literal, pos) => {
    const rule = ruleFor(kind, literal);
    if (rule === undefined || lint[rule] === "ignore") return;
    const isFatal = lint[rule] === "fatal";
    const error = new NixError("syntax", complaint(rule, literal, isFatal), { pos });
    if (isFatal) throw error;
    host.message("warning", showError(error, { showTrace: false }).slice("error: ".length));
  };
}

function ruleFor(kind: LiteralKind, literal: string): keyof LiteralLint | undefined {
  if (kind === "url") return "urls";
  if (/^[/~]/.test(literal)) return "absolutePaths";
  return literal.startsWith(".") ? undefined : "shortPaths";
}

function complaint(rule: keyof LiteralLint, literal: string, isFatal: boolean): string {
  switch (rule) {
    case "urls":
      return `URL literals are ${isFatal ? "disallowed" : "discouraged"}. Consider using a string literal "${literal}" instead (lint-url-literals)`;
    case "absolutePaths": {
      const kind = literal.startsWith("/") ? "absolute" : "home";
      return `${kind} path literals are not portable. Consider replacing path literal '${literal}' by a string, relative path, or parameter (lint-absolute-path-literals)`;
    }
    case "shortPaths":
      return `relative path literal '${literal}' should be prefixed with '.' for clarity: './${literal}' (lint-short-path-literals)`;
  }
}
