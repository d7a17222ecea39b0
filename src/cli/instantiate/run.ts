/** What `nixus nix-instantiate` does, in the thread that evaluates. */
import { printJson } from "../../lang/builtins/json-print.ts";
import { printXml } from "../../lang/builtins/xml.ts";
import { NixError } from "../../lang/eval/errors.ts";
import { printValue } from "../../lang/eval/print.ts";
import { force, type Slot } from "../../lang/eval/value.ts";
import type { Expr } from "../../lang/syntax/ast.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { printExpr } from "../../lang/syntax/printer.ts";
import { fromText } from "../../store/bytes.ts";
import {
  createLanguageSession,
  type LanguageSession,
  type LanguageSessionOptions,
  readStandardInput,
} from "../evaluation/language-session.ts";
import { type FoundDerivation, findDerivations } from "./derivations.ts";
import type { Invocation } from "./flags.ts";
import type { LocalStore } from "./local-store.ts";
import { LocalStoreError } from "./local-store-error.ts";
import { autoCall, lookUpFile, parseFile, selectPath } from "./select.ts";

export interface InstantiateOptions extends Omit<LanguageSessionOptions, "store"> {
  /** Standard output; byte strings. */
  readonly write: (text: string) => void;
}

/** Throws NixErrors. */
export async function instantiate(invocation: Invocation, options: InstantiateOptions): Promise<void> {
  const printsUncomputed = invocation.task === "evaluate" && !invocation.strict;
  const session = createLanguageSession(invocation.evaluation, { ...options, printsUncomputed });
  switch (invocation.task) {
    case "find-file":
      findFiles(session, invocation, options);
      return;
    case "parse":
      for (const expr of expressions(session, invocation)) options.write(`${printExpr(expr)}\n`);
      return;
    case "evaluate":
      for (const slot of selected(session, invocation)) options.write(show(session, invocation, slot));
      if (invocation.write)
        await writeObjects(session, invocation, options, session.host.objects.heldPaths());
      return;
    case "instantiate":
      await instantiateAll(session, invocation, options);
      return;
    case "help":
    case "version":
      return;
  }
}

function findFiles(
  { evaluator }: LanguageSession,
  { words }: Invocation,
  { write }: InstantiateOptions,
): void {
  for (const name of words) {
    write(`${evaluator.findFile(evaluator.settings.nixPath, fromText(name), noPos)}\n`);
  }
}

/** Each is read when it's asked for, after what the one before it prints. */
function* expressions(session: LanguageSession, invocation: Invocation): Generator<Expr> {
  const { evaluator, workingDirectory } = session;
  const { words, wordsAreExpressions, readStdin } = invocation;
  if (readStdin) yield evaluator.parseExpr(readStandardInput(), { kind: "stdin" }, workingDirectory);
  const isDefault = words.length === 0 && !readStdin && !wordsAreExpressions;
  for (const word of isDefault ? ["./default.nix"] : words) {
    const text = fromText(word);
    yield wordsAreExpressions
      ? evaluator.parseExpr(text, { kind: "string" }, workingDirectory)
      : parseFile(evaluator, lookUpFile(session, text));
  }
}

function* selected(session: LanguageSession, invocation: Invocation): Generator<Slot> {
  const { evaluator, autoArguments } = session;
  const attrPaths = invocation.attrPaths.length === 0 ? [""] : invocation.attrPaths;
  for (const expr of expressions(session, invocation)) {
    const root = evaluator.evalExpr(expr);
    for (const path of attrPaths) yield selectPath(evaluator, autoArguments, root, fromText(path));
  }
}

/** With its line end, where the format has one. */
function show({ evaluator, autoArguments }: LanguageSession, invocation: Invocation, slot: Slot): string {
  // Only with arguments is a function called that is the value itself.
  const value = autoArguments.size === 0 ? force(slot) : autoCall(evaluator, autoArguments, slot);
  const { format, strict, locations } = invocation;
  const context = new Set<string>();
  switch (format) {
    case "plain":
      return `${printValue(strict ? evaluator.deepForce(value) : value)}\n`;
    case "json":
      return `${printJson(evaluator, value, { context, copyToStore: true, computedOnly: !strict })}\n`;
    case "xml":
      return printXml(value, { strict, locations, context });
    case "raw":
      return evaluator.coerceToString(value, noPos, "the nix-instantiate output", context, {
        coerceMore: false,
        copyToStore: true,
      });
  }
}

/** What was found before a failure is written and printed all the same, as Nix does. */
async function instantiateAll(
  session: LanguageSession,
  invocation: Invocation,
  options: InstantiateOptions,
): Promise<void> {
  const found: FoundDerivation[] = [];
  try {
    for (const slot of selected(session, invocation)) {
      found.push(...findDerivations(session.evaluator, session.autoArguments, slot));
    }
  } finally {
    await deliver(session, invocation, options, found);
  }
}

async function deliver(
  session: LanguageSession,
  invocation: Invocation,
  options: InstantiateOptions,
  found: readonly FoundDerivation[],
): Promise<void> {
  const { root, rootWarning, write } = invocation;
  const paths = found.map(({ path }) => path);
  const isWritten = write && found.length > 0 && (await writeObjects(session, invocation, options, paths));
  if (isWritten && rootWarning && root === undefined) {
    options.onMessage(
      "warning",
      "you did not specify '--add-root'; the result might be removed by the garbage collector",
    );
  }
  for (const [index, { path, output }] of found.entries()) {
    const name = root === undefined ? path : await addRoot(invocation, options, path, index, isWritten);
    options.write(`${name}${output === "out" ? "" : `!${output}`}\n`);
  }
}

/** Whether they are there now. Where they can't be, their paths are still what was asked for. */
async function writeObjects(
  { host }: LanguageSession,
  invocation: Invocation,
  options: InstantiateOptions,
  paths: Iterable<string>,
): Promise<boolean> {
  try {
    await (await localStore(invocation, options)).write(host.objects, paths);
    return true;
  } catch (error) {
    if (!(error instanceof LocalStoreError)) throw error;
    options.onMessage("warning", `nothing was written to the store: ${fromText(error.message)}`);
    return false;
  }
}

/** The absolute path of the link. */
async function addRoot(
  invocation: Invocation,
  options: InstantiateOptions,
  path: string,
  index: number,
  isWritten: boolean,
): Promise<string> {
  const link = `${invocation.root}${index === 0 ? "" : `-${index + 1}`}`;
  const refuse = (why: string) =>
    new NixError("store", `cannot make the garbage collector root '${fromText(link)}': ${fromText(why)}`);
  if (!isWritten) throw refuse("the derivation was not written to a store");
  try {
    return fromText(await (await localStore(invocation, options)).addRoot(path, link));
  } catch (error) {
    throw error instanceof LocalStoreError ? refuse(error.message) : error;
  }
}

/** Loaded only when something is written, because most evaluations are over before it would be. */
async function localStore({ store }: Invocation, { env }: InstantiateOptions): Promise<LocalStore> {
  const { LocalStore } = await import("./local-store.ts");
  return new LocalStore({ uri: store, env });
}
