/** The flags that everything has that evaluates expressions of the language (Nix manual, "Common Options"). */
import type { Flag } from "./flags.ts";
import { configuredSettings } from "./nix-conf.ts";
import { isOn, type Settings, setSetting, settingOfFlag } from "./settings.ts";
import { storeDirOf } from "./store-dir.ts";

/** A value for the functions that are called automatically. */
export type AutoArgument =
  | { readonly kind: "expression"; readonly text: string }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdin" };

/** Plain data, filled by the flags; goes to the thread that evaluates. */
export interface EvaluationArguments {
  /** As given with `-I`: `path` or `prefix=path`. */
  readonly searchPath: string[];
  readonly autoArguments: Map<string, AutoArgument>;
  readonly settings: Settings;
  /** Absolute. */
  readonly storeDir: string;
  /** Names of settings that Nix has not either. */
  readonly unknownSettings: string[];
}

/** Before any flag; what nix.conf and `env` say is the beginning of the settings. Throws a `UsageError`. */
export function evaluationArguments(env: Readonly<Record<string, string | undefined>>): EvaluationArguments {
  return {
    searchPath: [],
    autoArguments: new Map(),
    settings: configuredSettings(env),
    storeDir: storeDirOf(env),
    unknownSettings: [],
  };
}

export function showsTrace(args: EvaluationArguments): boolean {
  return isOn(args.settings, "show-trace");
}

export const evaluationFlags: readonly Flag<EvaluationArguments>[] = [
  {
    names: ["--arg"],
    operands: ["NAME", "EXPR"],
    brief: "Pass the value of EXPR to functions that take an argument NAME",
    apply: ({ autoArguments }, name, text) => autoArguments.set(name!, { kind: "expression", text: text! }),
  },
  {
    names: ["--argstr"],
    operands: ["NAME", "STRING"],
    brief: "Pass a string to functions that take an argument NAME",
    apply: ({ autoArguments }, name, text) => autoArguments.set(name!, { kind: "string", text: text! }),
  },
  {
    names: ["--arg-from-file"],
    operands: ["NAME", "FILE"],
    brief: "Pass what is in FILE, a string",
    apply: ({ autoArguments }, name, path) => autoArguments.set(name!, { kind: "file", path: path! }),
  },
  {
    names: ["--arg-from-stdin"],
    operands: ["NAME"],
    brief: "Pass what comes from standard input, a string",
    apply: ({ autoArguments }, name) => autoArguments.set(name!, { kind: "stdin" }),
  },
  {
    names: ["--include", "-I"],
    operands: ["[PREFIX=]PATH"],
    brief: "Look for <...> here first: a directory, or the URL of an archive",
    apply: ({ searchPath }, entry) => searchPath.push(entry!),
  },
  {
    names: ["--show-trace"],
    brief: "Show the whole trace of an error",
    apply: ({ settings }) => settings.set("show-trace", "true"),
  },
  {
    names: ["--pure-eval"],
    brief: "Let the result depend on nothing outside of the expression",
    apply: ({ settings }) => settings.set("pure-eval", "true"),
  },
  {
    names: ["--impure"],
    brief: "Take --pure-eval back",
    apply: ({ settings }) => settings.set("pure-eval", "false"),
  },
  {
    names: ["--restrict-eval"],
    brief: "Let the expression see only what the search path holds",
    apply: ({ settings }) => settings.set("restrict-eval", "true"),
  },
  {
    names: ["--option"],
    operands: ["NAME", "VALUE"],
    brief: "Set one of Nix's settings; also --NAME VALUE, --NAME, --no-NAME",
    apply: (args, name, value) => {
      if (!setSetting(args.settings, name!, value!)) args.unknownSettings.push(name!);
    },
  },
  { names: ["--verbose", "-v", "--quiet", "--debug"], apply: () => undefined },
  { names: ["--log-format"], operands: ["FORMAT"], apply: () => undefined },
];

/** Settings as flags: `--NAME VALUE`, `--NAME`, `--no-NAME`, `--extra-NAME VALUE`. */
export function settingFlag(word: string): Flag<EvaluationArguments> | undefined {
  const found = settingOfFlag(word);
  if (found === undefined) return undefined;
  const { name, value } = found;
  return {
    names: [word],
    operands: value === undefined ? ["VALUE"] : [],
    apply: ({ settings }, operand) => void setSetting(settings, name, value ?? operand!),
  };
}
