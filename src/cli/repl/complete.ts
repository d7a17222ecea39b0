/** What can follow in the line that is being written. */
import { NixError } from "../../lang/eval/errors.ts";
import type { Evaluator } from "../../lang/eval/evaluator.ts";
import { resolvePath } from "../../lang/eval/paths.ts";
import { Attrs } from "../../lang/eval/value.ts";
import { showName } from "../../lang/syntax/printer.ts";
import type { Completion } from "./protocol.ts";

export interface CompletionContext {
  readonly evaluator: Evaluator;
  readonly scope: Attrs;
  readonly workingDirectory: string;
  /** Names of commands, e.g. `:load`. */
  readonly commands: readonly string[];
}

/** `text`: the line up to the cursor. What cannot be evaluated has no completions. */
export function complete(context: CompletionContext, text: string): Completion {
  const word = /[^\s(){}[\];=,]*$/.exec(text)![0];
  try {
    return { word, candidates: candidates(context, word, text) };
  } catch (error) {
    if (error instanceof NixError) return { word, candidates: [] };
    throw error;
  }
}

function candidates(context: CompletionContext, word: string, text: string): readonly string[] {
  if (text.startsWith(":") && word === text) return startingWith(context.commands, word);
  if (word.includes("/")) return files(context, word);
  const dot = word.lastIndexOf(".");
  if (dot >= 0) return attributes(context, word.slice(0, dot), word.slice(dot + 1));
  const names = new Set([...context.scope.names(), ...context.evaluator.globalNames]);
  // The other names of builtins would only hide what people define.
  const isShown = (name: string): boolean => word.startsWith("_") || !name.startsWith("__");
  return startingWith([...names].filter(isShown).sort(), word);
}

function attributes(
  { evaluator, scope, workingDirectory }: CompletionContext,
  subject: string,
  prefix: string,
): string[] {
  const expr = evaluator.parseExpr(subject, { kind: "string" }, workingDirectory, scope);
  const value = evaluator.evalExpr(expr, scope);
  if (!(value instanceof Attrs)) return [];
  return startingWith(value.names(), prefix).map((name) => `${subject}.${showName(name)}`);
}

function files({ evaluator, workingDirectory }: CompletionContext, word: string): string[] {
  const slash = word.lastIndexOf("/") + 1;
  const directory = resolvePath(workingDirectory, word.slice(0, slash));
  const found = [...evaluator.host.readDirectory(directory)]
    .filter(([name]) => !name.startsWith("."))
    .map(([name, type]) => (type === "directory" ? `${name}/` : name));
  return startingWith(found.sort(), word.slice(slash)).map((name) => word.slice(0, slash) + name);
}

function startingWith(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => name.startsWith(prefix));
}
