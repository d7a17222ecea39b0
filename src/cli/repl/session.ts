/** One `nixus repl`: its variables and what lines do. Runs in the thread that evaluates. */
import { NixError } from "../../lang/eval/errors.ts";
import { Attrs, type Slot, type Value } from "../../lang/eval/value.ts";
import type { AttrsExpr, Expr } from "../../lang/syntax/ast.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { showName } from "../../lang/syntax/printer.ts";
import { VirtualStore } from "../../store/virtual-store.ts";
import type { EvaluationArguments } from "../arguments/evaluation.ts";
import { showsTrace } from "../arguments/evaluation.ts";
import { renderFailure } from "../evaluation/failure.ts";
import {
  createLanguageSession,
  type LanguageSession,
  type LanguageSessionOptions,
} from "../evaluation/language-session.ts";
import { autoCall, lookUpFile, parseFile } from "../instantiate/select.ts";
import { commandNames, findCommand } from "./commands.ts";
import { complete } from "./complete.ts";
import { printForRepl } from "./print.ts";
import type { Completion, Outcome } from "./protocol.ts";

export interface ReplOptions extends Omit<LanguageSessionOptions, "store"> {
  readonly write: (stream: "stdout" | "stderr", text: string) => void;
  readonly colors: boolean;
}

/** How many names are shown of what was added. */
const namesShown = 20;

export class Repl {
  readonly options: ReplOptions;
  showTrace: boolean;
  private readonly args: EvaluationArguments;
  private language: LanguageSession;
  private readonly variables = new Map<string, Slot>();
  /** What is loaded again by `:reload`; a byte string each. */
  private readonly loaded = new Set<string>();
  private added: Attrs | undefined;

  constructor(args: EvaluationArguments, options: ReplOptions) {
    this.args = args;
    this.options = options;
    this.showTrace = showsTrace(args);
    this.language = createLanguageSession(args, { ...options, store: new VirtualStore() });
  }

  get session(): LanguageSession {
    return this.language;
  }

  /** The names that the last command added, in order. */
  get lastAdded(): readonly string[] | undefined {
    return this.added?.names();
  }

  /** Never fails: what goes wrong is shown. `isLast`: nothing comes that could complete the text. */
  async process(text: string, isLast: boolean): Promise<Outcome> {
    try {
      const line = text.trim();
      if (line === "") return { next: "line", changed: false };
      return line.startsWith(":") ? await this.command(line) : this.evaluateLine(text);
    } catch (error) {
      if (error instanceof Incomplete && !isLast) return { next: "more", changed: false };
      this.showFailure(error);
      return { next: "line", changed: false };
    }
  }

  complete(text: string): Completion {
    const { evaluator, workingDirectory } = this.language;
    return complete({ evaluator, workingDirectory, scope: this.scope(), commands: commandNames }, text);
  }

  showFailure(error: unknown): void {
    const failure = error instanceof Incomplete ? error.failure : error;
    this.options.write("stderr", `${renderFailure(failure, this.showTrace)}\n`);
  }

  print(text: string): void {
    this.options.write("stdout", `${text}\n`);
  }

  /** What is said about the work rather than its result. */
  notice(text: string): void {
    this.options.write("stderr", `${text}\n`);
  }

  parse(text: string): Expr {
    const { evaluator, workingDirectory } = this.language;
    try {
      return evaluator.parseExpr(text, { kind: "string" }, workingDirectory, this.scope());
    } catch (error) {
      throw isIncomplete(error) ? new Incomplete(error) : error;
    }
  }

  evalExpr(expr: Expr): Value {
    return this.language.evaluator.evalExpr(expr, this.scope());
  }

  evaluate(text: string): Value {
    return this.evalExpr(this.parse(text));
  }

  show(value: Slot, maxDepth: number): string {
    const { colors } = this.options;
    return printForRepl(this.language.evaluator, value, { maxDepth, colors });
  }

  addAttributes(slot: Slot): void {
    const what = "an attribute set to be merged in the global scope";
    const attrs = this.language.evaluator.forceAttrs(slot, noPos, what);
    for (const [name, value] of attrs.entries()) this.variables.set(name, value);
    this.added = attrs;
    const names = attrs.names().map(showName);
    this.notice(`Added ${attrs.size} variable${attrs.size === 1 ? "" : "s"}.`);
    if (names.length > 0) this.notice(names.slice(0, namesShown).join(", "));
    if (names.length > namesShown) this.notice(`... and ${names.length - namesShown} more; view with :ll`);
  }

  /** Adds what a file evaluates to, read anew. */
  load(file: string): void {
    this.forgetFiles();
    const { evaluator, autoArguments } = this.language;
    const value = evaluator.evalExpr(parseFile(evaluator, lookUpFile(this.language, file)));
    this.addAttributes(autoCall(evaluator, autoArguments, value));
    // The last one to be loaded is the last one when they are loaded again.
    this.loaded.delete(file);
    this.loaded.add(file);
  }

  loadExpression(text: string): void {
    this.addAttributes(this.evaluate(text));
  }

  /** Forgets all variables and loads the files again. A file that fails stays on the list. */
  reload(): void {
    this.variables.clear();
    this.forgetFiles();
    for (const file of [...this.loaded]) {
      this.notice(`Loading ${file}...`);
      this.attempt(() => this.load(file));
    }
  }

  attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.showFailure(error);
    }
  }

  /** From now on files are read again. The variables keep what they have, and the store what they refer to. */
  private forgetFiles(): void {
    const store = this.language.host.objects;
    store.forgetSources();
    this.language = createLanguageSession(this.args, { ...this.options, store });
  }

  private scope(): Attrs {
    return Attrs.fromEntries(this.variables);
  }

  private async command(line: string): Promise<Outcome> {
    const [, name, argument] = /^(\S+)\s*(.*)$/s.exec(line)!;
    const command = findCommand(name!);
    if (command === undefined) throw new NixError("eval", `unknown command '${name}'; :? lists them`);
    return { next: "line", changed: command.changes === true, ...(await command.run(this, argument!)) };
  }

  /** Bindings become variables; of anything else the value is shown. */
  private evaluateLine(text: string): Outcome {
    const bindings = this.parseBindings(text);
    if (bindings === undefined) {
      this.print(this.show(this.evaluate(text), 1));
      return { next: "line", changed: false };
    }
    const values = this.evalExpr(bindings) as Attrs;
    for (const [name, slot] of values.entries()) this.variables.set(name, slot);
    return { next: "line", changed: values.size > 0 };
  }

  /** Undefined: it is something else. */
  private parseBindings(text: string): AttrsExpr | undefined {
    const { evaluator, workingDirectory } = this.language;
    try {
      return evaluator.parseBindings(text, { kind: "string" }, workingDirectory, this.scope());
    } catch (error) {
      if (!(error instanceof NixError) || error.kind !== "syntax") throw error;
      if (isIncomplete(error)) throw new Incomplete(error);
      return undefined;
    }
  }
}

/** The text that was typed ends too early; what files hold is no concern of it. */
class Incomplete extends Error {
  readonly failure: NixError;
  constructor(failure: NixError) {
    super(failure.message);
    this.failure = failure;
  }
}

function isIncomplete(error: unknown): error is NixError {
  return (
    error instanceof NixError && error.kind === "syntax" && error.message.includes("unexpected end of file")
  );
}
