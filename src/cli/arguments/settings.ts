/** Nix's configuration settings, as far as command lines for evaluations name them (nix.conf manual). */
import { UsageError } from "./flags.ts";

type SettingKind = "boolean" | "word" | "words";

/** Settings that mean something here. */
const understood: Readonly<Record<string, SettingKind>> = {
  "abort-on-warn": "boolean",
  "eval-system": "word",
  "experimental-features": "words",
  "nix-path": "words",
  "pure-eval": "boolean",
  "restrict-eval": "boolean",
  "show-trace": "boolean",
  system: "word",
  "trace-verbose": "boolean",
};

/** Settings for building, fetching and the like, which change nothing about a value. */
const withoutEffect: Readonly<Record<string, SettingKind>> = {
  "accept-flake-config": "boolean",
  "allow-import-from-derivation": "boolean",
  "allowed-uris": "words",
  "auto-optimise-store": "boolean",
  "build-users-group": "word",
  builders: "word",
  "connect-timeout": "word",
  cores: "word",
  "download-attempts": "word",
  "eval-cache": "boolean",
  "extra-platforms": "words",
  fallback: "boolean",
  "http-connections": "word",
  "keep-derivations": "boolean",
  "keep-failed": "boolean",
  "keep-going": "boolean",
  "keep-outputs": "boolean",
  "lint-absolute-path-literals": "word",
  "lint-short-path-literals": "word",
  "lint-url-literals": "word",
  "max-call-depth": "word",
  "max-jobs": "word",
  "max-silent-time": "word",
  "require-sigs": "boolean",
  sandbox: "word",
  substitute: "boolean",
  substituters: "words",
  "system-features": "words",
  "tarball-ttl": "word",
  timeout: "word",
  "trusted-public-keys": "words",
  "warn-dirty": "boolean",
};

const known: Readonly<Record<string, SettingKind>> = { ...withoutEffect, ...understood };

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
  if (kind === "boolean") settings.set(name, String(parseBoolean(name, value)));
  else if (kind === "words" && name.startsWith("extra-")) {
    const base = name.slice("extra-".length);
    settings.set(base, `${settings.get(base) ?? ""} ${value}`.trim());
  } else settings.set(name, value);
  return true;
}

export function isOn(settings: Settings, name: string): boolean {
  return settings.get(name) === "true";
}

export function wordsOf(settings: Settings, name: string): readonly string[] {
  return (settings.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
}

function kindOf(name: string): SettingKind | undefined {
  const lookup = (key: string) => (Object.hasOwn(known, key) ? known[key] : undefined);
  const extended = name.startsWith("extra-") ? lookup(name.slice("extra-".length)) : undefined;
  return lookup(name) ?? (extended === "words" ? extended : undefined);
}

function parseBoolean(name: string, value: string): boolean {
  if (["true", "yes", "1"].includes(value)) return true;
  if (["false", "no", "0"].includes(value)) return false;
  throw new UsageError(`Boolean setting '${name}' has invalid value '${value}'`);
}
