/** `nixus repl`, the part outside of the thread that evaluates. */
import { fromText } from "../../store/bytes.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import * as text from "../text.ts";
import { help, parseReplInvocation, type ReplInvocation } from "./flags.ts";
import { converse } from "./terminal.ts";

export async function runRepl(this: Context, _flags: Record<never, never>, ...args: string[]): Promise<void> {
  const { help: isHelp, evaluation, files, expressions } = parse(args, this.process.env);
  if (isHelp) {
    this.process.stdout.write(help);
    return;
  }
  await converse(this.process, {
    evaluation,
    files: files.map(fromText),
    expressions: expressions.map(fromText),
  });
}

function parse(args: readonly string[], env: NodeJS.ProcessEnv): ReplInvocation {
  try {
    return parseReplInvocation(args, env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}\n${text.tryHelp(["repl"])}`);
  }
}
