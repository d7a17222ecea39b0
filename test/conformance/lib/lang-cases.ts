/** The cases of Nix's own language tests: tests/functional/lang of its source, as its lang.sh runs them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { LiteralLint, Severity } from "../../../src/lang/eval/literal-lint.ts";
import { nixSource } from "./settings.ts";

/** Paths in the flags and in NIX_PATH are relative to this. */
export const directory = nixSource === undefined ? "" : join(nixSource, "tests/functional");
const folder = join(directory, "lang");

export type CasePrefix = "parse-okay-" | "parse-fail-" | "eval-okay-" | "eval-fail-";

export function cases(prefix: CasePrefix): string[] {
  const names = readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".nix"))
    .map((file) => file.slice(0, -".nix".length));
  if (names.length === 0) throw new Error(`no ${prefix}*.nix in ${folder}`);
  return names;
}

export function caseFile(name: string, extension: string): string {
  return join(folder, name + extension);
}

/** Undefined when the case has no such file. */
export function caseText(name: string, extension: string): string | undefined {
  const file = caseFile(name, extension);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** What a case's `.flags` file says, as far as it changes what is evaluated or shown. */
export interface Flags {
  readonly searchPath: readonly string[];
  /** Nix expressions by argument name. */
  readonly args: ReadonlyMap<string, string>;
  readonly attribute: string | undefined;
  readonly experimentalFeatures: ReadonlySet<string>;
  readonly showTrace: boolean;
  readonly literalLint: LiteralLint;
}

export function flagsOf(name: string): Flags {
  const words = (caseText(name, ".flags") ?? "").replace(/#.*/g, "").split(/\s+/).filter(Boolean);
  const searchPath: string[] = [];
  const args = new Map<string, string>();
  const experimentalFeatures = new Set<string>();
  let attribute: string | undefined;
  let showTrace = true;
  const severities: Record<keyof LiteralLint, Severity> = {
    urls: "ignore",
    absolutePaths: "ignore",
    shortPaths: "ignore",
  };
  const next = (): string => words.shift() ?? "";
  while (words.length > 0) {
    switch (next()) {
      case "-I":
        searchPath.push(next());
        break;
      case "--arg": {
        const argument = next();
        args.set(argument, next());
        break;
      }
      case "--argstr": {
        const argument = next();
        args.set(argument, JSON.stringify(next()));
        break;
      }
      case "-A":
        attribute = next();
        break;
      case "--extra-experimental-features":
        experimentalFeatures.add(next());
        break;
      case "--lint-url-literals":
        severities.urls = next() as Severity;
        break;
      case "--lint-absolute-path-literals":
        severities.absolutePaths = next() as Severity;
        break;
      case "--lint-short-path-literals":
        severities.shortPaths = next() as Severity;
        break;
      case "--no-show-trace":
        showTrace = false;
        break;
      default:
      // What the flag asks for is so anyway (--eval, --strict), or the case fails and is listed.
    }
  }
  return { searchPath, args, attribute, experimentalFeatures, showTrace, literalLint: severities };
}

/**
 * Counts how many of the messages are Nix's to the letter. That is told at the end and fails nothing: Nix itself
 * changes its messages with every release.
 */
export class MessageCount {
  private readonly different: string[] = [];
  private equal = 0;

  constructor() {
    afterAll(() => {
      const all = this.equal + this.different.length;
      const rest = this.different.length === 0 ? "" : `; different: ${this.different.join(", ")}`;
      console.log(`${this.equal} of ${all} messages as Nix words them${rest}`);
    });
  }

  /** @param shown what we say on standard error */
  compare(name: string, shown: string): void {
    const expected = caseText(name, ".err.exp");
    if (expected === undefined) return;
    if (shown.replaceAll(directory, "/pwd") === expected) this.equal++;
    else this.different.push(name);
  }
}
