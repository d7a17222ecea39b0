/** Nix's configuration settings, as far as command lines for evaluations name them (nix.conf manual). */
import type { Severity } from "../../lang/eval/literal-lint.ts";
import { UsageError } from "../errors.ts";
import { withoutEffect } from "./other-settings.ts";

const kinds = ["boolean", "word", "words"] as const;
type SettingKind = (typeof kinds)[number] | "severity" | "number";

/** Settings that mean something here. */
const understood: Readonly<Record<string, SettingKind>> = {
  "abort-on-warn": "boolean",
  "allow-dirty": "boolean",
  "allow-import-from-derivation": "boolean",
  "allowed-uris": "words",
  "eval-system": "word",
  "experimental-features": "words",
  "lint-absolute-path-literals": "severity",
  "lint-short-path-literals": "severity",
  "lint-url-literals": "severity",
  "max-call-depth": "number",
  "nix-path": "words",
  "pure-eval": "boolean",
  "restrict-eval": "boolean",
  "show-trace": "boolean",
  system: "word",
  "trace-verbose": "boolean",
  "warn-dirty": "boolean",
  "warn-short-path-literals": "boolean",
};

const known: ReadonlyMap<string, SettingKind> = new Map([
  ...kinds.flatMap((kind) => withoutEffect[kind].map((name) => [name, kind] as const)),
  ...Object.entries(understood),
]);

/** The values that a command line gives, by name. */
export type Settings = Map<string, string>;

/** A word `--name`, `--no-name` or `--extra-name` as a setting; `value` is undefined when the next word has it. */
export interface SettingFlag {
  readonly name: string;
  readonly value: string | undefined;
}

export function settingOfFlag(flag: string): SettingFlag | undefined {
  const word = /^--(.+)$/.exec(flag)?.[1];
  if (word === undefined) return undefined;
  if (word.startsWith("no-") && kindOf(word.slice(3)) === "boolean") {
    return { name: word.slice(3), value: "false" };
  }
  const kind = kindOf(word);
  return kind && { name: word, value: kind === "boolean" ? "true" : undefined };
}

/** Stores a value. False: there is no such setting. Throws a {@link UsageError} when the value doesn't fit. */
export function setSetting(settings: Settings, name: string, value: string): boolean {
  const kind = kindOf(name);
  if (kind === undefined) return false;
  // What means nothing here is not checked either: some of these have words beside yes and no.
  if (kind === "boolean" && Object.hasOwn(understood, name)) {
    settings.set(name, String(parseBoolean(name, value)));
  } else if (name.startsWith("extra-")) settings.set(name, `${settings.get(name) ?? ""} ${value}`.trim());
  else {
    if (kind === "severity") checkSeverity(name, value);
    if (kind === "number") parseNumber(name, value);
    settings.set(name, value);
    settings.delete(`extra-${name}`);
  }
  return true;
}

export function isOn(settings: Settings, name: string): boolean {
  return settings.get(name) === "true";
}

/** Undefined: nobody has set it. */
export function numberOf(settings: Settings, name: string): number | undefined {
  const value = settings.get(name);
  return value === undefined ? undefined : parseNumber(name, value);
}

/** Of `lint-short-path-literals`, `warn-short-path-literals` is an older form. */
export function severityOf(settings: Settings, name: string): Severity {
  const value = settings.get(name);
  if (value !== undefined && isSeverity(value)) return value;
  return name === "lint-short-path-literals" && isOn(settings, "warn-short-path-literals")
    ? "warn"
    : "ignore";
}

export function wordsOf(settings: Settings, name: string): readonly string[] {
  return [...wordsIn(settings, name), ...extraWordsOf(settings, name)];
}

/** Those that `extra-NAME` adds to the setting, or to its default where it has no value. */
export function extraWordsOf(settings: Settings, name: string): readonly string[] {
  return wordsIn(settings, `extra-${name}`);
}

function wordsIn(settings: Settings, name: string): readonly string[] {
  return (settings.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
}

function kindOf(name: string): SettingKind | undefined {
  const extended = name.startsWith("extra-") ? known.get(name.slice("extra-".length)) : undefined;
  return known.get(name) ?? (extended === "words" ? extended : undefined);
}

function isSeverity(value: string): value is Severity {
  return value === "ignore" || value === "warn" || value === "fatal";
}

function checkSeverity(name: string, value: string): void {
  if (isSeverity(value)) return;
  throw new UsageError(
    `option '${name}' has invalid value '${value}' (expected 'ignore', 'warn', or 'fatal')`,
  );
}

function parseBoolean(name: string, value: string): boolean {
  if (["true", "yes", "1"].includes(value)) return true;
  if (["false", "no", "0"].includes(value)) return false;
  throw new UsageError(`Boolean setting '${name}' has invalid value '${value}'`);
}

const units = { "": 0, k: 1, m: 2, g: 3, t: 4 } as const;

/** What fits in 32 bits, with the unit as well; `1k` is 1024. */
function parseNumber(name: string, value: string): number {
  const [, digits, unit] = /^([0-9]+)([kmgt]?)$/i.exec(value) ?? [];
  const number = Number(digits) * 1024 ** units[(unit ?? "").toLowerCase() as keyof typeof units];
  if (number < 2 ** 32) return number;
  throw new UsageError(`setting '${name}' has invalid value '${value}'`);
}
