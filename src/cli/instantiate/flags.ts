/** The command line of `nixus nix-instantiate`: that of Nix's own program (Nix manual, `nix-instantiate`). */
import {
  type EvaluationArguments,
  evaluationArguments,
  evaluationFlags,
  settingFlag,
} from "../arguments/evaluation.ts";
import { describeFlags, type Flag, readFlags } from "../arguments/flags.ts";

/** What is printed: the derivations' paths, or the value in one of its notations. */
type OutputFormat = "plain" | "raw" | "xml" | "json";

/** What a command line asks for; plain data. */
export interface Invocation {
  readonly evaluation: EvaluationArguments;
  readonly task: "instantiate" | "evaluate" | "parse" | "find-file" | "help" | "version";
  readonly format: OutputFormat;
  readonly strict: boolean;
  /** Whether XML says where attributes and functions are defined. */
  readonly locations: boolean;
  readonly attrPaths: readonly string[];
  /** The words that are no flags: files, expressions or names to look for. */
  readonly words: readonly string[];
  readonly wordsAreExpressions: boolean;
  readonly readStdin: boolean;
  /** Whether derivations are written to the store of this machine. */
  readonly write: boolean;
  readonly root: string | undefined;
  readonly rootWarning: boolean;
  /** Which store `nix-store` is to use instead of its own choice. */
  readonly store: string | undefined;
}

interface Draft extends EvaluationArguments {
  task: Invocation["task"];
  format: OutputFormat;
  strict: boolean;
  locations: boolean;
  attrPaths: string[];
  wordsAreExpressions: boolean;
  readStdin: boolean;
  readWrite: boolean;
  readOnly: boolean;
  root: string | undefined;
  rootWarning: boolean;
  store: string | undefined;
}

const own: readonly Flag<Draft>[] = [
  {
    names: ["--expr", "-E"],
    brief: "The arguments are expressions, not files",
    apply: (draft) => {
      draft.wordsAreExpressions = true;
    },
  },
  {
    names: ["-"],
    brief: "Read the expression from standard input",
    apply: (draft) => {
      draft.readStdin = true;
    },
  },
  {
    names: ["--attr", "-A"],
    operands: ["ATTRPATH"],
    brief: "Select an attribute of the value; may be repeated",
    apply: (draft, path) => draft.attrPaths.push(path!),
  },
  {
    names: ["--eval", "--eval-only"],
    brief: "Print the value instead of instantiating its derivations",
    apply: (draft) => {
      if (draft.task === "instantiate") draft.task = "evaluate";
    },
  },
  {
    names: ["--parse", "--parse-only"],
    brief: "Print the syntax tree",
    apply: (draft) => {
      draft.task = "parse";
    },
  },
  {
    names: ["--find-file"],
    brief: "Print where the search path has the files of these names",
    apply: (draft) => {
      draft.task = "find-file";
    },
  },
  {
    names: ["--strict"],
    brief: "With --eval: compute everything inside of the value too",
    apply: (draft) => {
      draft.strict = true;
    },
  },
  format("--json", "json", "With --eval: print JSON"),
  format("--xml", "xml", "With --eval: print XML"),
  format("--raw", "raw", "With --eval: print a string without quotes and line end"),
  {
    names: ["--no-location"],
    brief: "With --xml: leave out where things are defined",
    apply: (draft) => {
      draft.locations = false;
    },
  },
  {
    names: ["--read-write-mode"],
    brief: "With --eval: write derivations to the store all the same",
    apply: (draft) => {
      draft.readWrite = true;
    },
  },
  {
    names: ["--readonly-mode", "--dry-run"],
    brief: "Write nothing to the store",
    apply: (draft) => {
      draft.readOnly = true;
    },
  },
  {
    names: ["--add-root"],
    operands: ["PATH"],
    brief: "Make PATH a garbage collector root that links to the derivation",
    apply: (draft, path) => {
      draft.root = path;
    },
  },
  { names: ["--indirect"], apply: () => undefined },
  {
    names: ["--no-gc-warning"],
    apply: (draft) => {
      draft.rootWarning = false;
    },
  },
  {
    names: ["--store", "--eval-store"],
    operands: ["URI"],
    brief: "The store that derivations are written to",
    apply: (draft, uri) => {
      draft.store = uri;
    },
  },
  // About builds, of which there are none.
  {
    names: ["--no-build-output", "-Q", "--keep-failed", "-K", "--keep-going", "-k", "--repair"],
    apply: () => undefined,
  },
  { names: ["-j"], operands: ["JOBS"], apply: () => undefined },
  {
    names: ["--help"],
    brief: "Print this help",
    apply: (draft) => {
      draft.task = "help";
    },
  },
  {
    names: ["--version"],
    brief: "Print the version",
    apply: (draft) => {
      draft.task = "version";
    },
  },
];

function format(name: string, value: OutputFormat, brief: string): Flag<Draft> {
  return {
    names: [name],
    brief,
    apply: (draft) => {
      draft.format = value;
    },
  };
}

/** `env` has what settings begin with (nix-conf.ts). Throws a UsageError. */
export function parseInvocation(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Invocation {
  const draft: Draft = {
    ...evaluationArguments(env),
    task: "instantiate",
    format: "plain",
    strict: false,
    locations: true,
    attrPaths: [],
    wordsAreExpressions: false,
    readStdin: false,
    readWrite: false,
    readOnly: false,
    root: undefined,
    rootWarning: true,
    store: undefined,
  };
  const words = readFlags<Draft>(args, [...own, ...evaluationFlags], draft, settingFlag);
  const { searchPath, autoArguments, settings, storeDir, unknownSettings, readWrite, readOnly, ...rest } =
    draft;
  return {
    ...rest,
    evaluation: { searchPath, autoArguments, settings, storeDir, unknownSettings },
    words,
    write: !readOnly && (rest.task === "instantiate" || (rest.task === "evaluate" && readWrite)),
  };
}

export const help = `Usage: nixus nix-instantiate [FLAG...] [FILE...]

Evaluates Nix expressions: prints their values (--eval), or the paths of the derivations that they are.
Without FILE, ./default.nix is read.

${describeFlags([...own, ...evaluationFlags])}`;
