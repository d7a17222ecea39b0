/** The command line of `nixus repl`. */
import {
  type EvaluationArguments,
  evaluationArguments,
  evaluationFlags,
  settingFlag,
} from "../arguments/evaluation.ts";
import { describeFlags, type Flag, readFlags } from "../arguments/flags.ts";

export interface ReplInvocation {
  readonly evaluation: EvaluationArguments;
  /** Loaded at the start. */
  readonly files: readonly string[];
  readonly expressions: readonly string[];
  readonly help: boolean;
}

interface Draft extends EvaluationArguments {
  readonly files: string[];
  readonly expressions: string[];
  help: boolean;
}

const own: readonly Flag<Draft>[] = [
  {
    names: ["--file", "-f"],
    operands: ["FILE"],
    brief: "Load FILE; the same as the argument FILE",
    apply: ({ files }, file) => files.push(file!),
  },
  {
    names: ["--expr", "-E"],
    operands: ["EXPR"],
    brief: "Add the attributes of the set EXPR to the variables",
    apply: ({ expressions }, expression) => expressions.push(expression!),
  },
  {
    names: ["--help"],
    brief: "Print this help",
    apply: (draft) => {
      draft.help = true;
    },
  },
];

/** `env` has what settings begin with (nix-conf.ts). Throws a UsageError. */
export function parseReplInvocation(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ReplInvocation {
  const draft: Draft = { ...evaluationArguments(env), files: [], expressions: [], help: false };
  const words = readFlags<Draft>(args, [...own, ...evaluationFlags], draft, settingFlag);
  const { files, expressions, help, ...evaluation } = draft;
  return { evaluation, files: [...files, ...words], expressions, help };
}

export const help = `Usage: nixus repl [FLAG...] [FILE...]

Evaluates expressions of the Nix language as they are typed; :? lists the commands. Each FILE is loaded first.

${describeFlags([...own, ...evaluationFlags])}`;
