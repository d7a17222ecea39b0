/** The commands of the REPL: those of Nix's own that need no Nix, and building where there is one. */
import { NixError } from "../../lang/eval/errors.ts";
import { resolvePath } from "../../lang/eval/paths.ts";
import { describeType } from "../../lang/eval/print.ts";
import { Attrs, force, Lambda, NixPath, NixString, type Slot } from "../../lang/eval/value.ts";
import { noPos, resolvePos } from "../../lang/syntax/positions.ts";
import { symbolName } from "../../lang/syntax/symbols.ts";
import { fromText } from "../../store/bytes.ts";
import { derivationPath } from "../instantiate/derivations.ts";
import { LocalStoreError } from "../instantiate/local-store-error.ts";
import { attributeDocumentation, documentation } from "./documentation.ts";
import type { Outcome } from "./protocol.ts";
import type { Repl } from "./session.ts";

export interface ReplCommand {
  readonly names: readonly string[];
  readonly operand?: string;
  readonly brief: string;
  /** Later lines see what it did. */
  readonly changes?: true;
  readonly run: (repl: Repl, argument: string) => Promise<Partial<Outcome>> | Partial<Outcome>;
}

const nothing: Partial<Outcome> = {};

const commands: readonly ReplCommand[] = [
  {
    names: [":a", ":add"],
    operand: "<expr>",
    brief: "Add the attributes of a set to the variables",
    changes: true,
    run: (repl, argument) => {
      repl.addAttributes(repl.evaluate(argument));
      return nothing;
    },
  },
  {
    names: [":b"],
    operand: "<expr>",
    brief: "Build a derivation, where there is a Nix",
    run: build,
  },
  {
    names: [":doc"],
    operand: "<expr>",
    brief: "Show the documentation of a function or an attribute",
    run: (repl, argument) => {
      repl.print(findDocumentation(repl, argument));
      return nothing;
    },
  },
  {
    names: [":e", ":edit"],
    operand: "<expr>",
    brief: "Open a file, a function or a package in $EDITOR, then load all files again",
    run: (repl, argument) => ({ edit: definition(repl, repl.evaluate(argument)) }),
  },
  {
    names: [":l", ":load"],
    operand: "<path>",
    brief: "Load a file and add the attributes of its set to the variables",
    changes: true,
    run: (repl, argument) => {
      repl.load(argument);
      return nothing;
    },
  },
  {
    names: [":ll", ":last-loaded"],
    brief: "Show the names that were added last",
    run: (repl) => {
      if (repl.lastAdded === undefined) throw new NixError("eval", "nothing has been loaded yet");
      for (const name of repl.lastAdded) repl.print(name);
      return nothing;
    },
  },
  {
    names: [":p", ":print"],
    operand: "<expr>",
    brief: "Show a value with everything inside; a string as it is",
    run: (repl, argument) => {
      const value = repl.evaluate(argument);
      if (typeof value === "string") repl.print(value);
      else if (value instanceof NixString) repl.print(value.text);
      else repl.print(repl.show(value, Number.POSITIVE_INFINITY));
      return nothing;
    },
  },
  { names: [":q", ":quit"], brief: "Leave", run: () => ({ next: "quit" }) },
  {
    names: [":r", ":reload"],
    brief: "Forget all variables and load all files again",
    changes: true,
    run: (repl) => {
      repl.reload();
      return nothing;
    },
  },
  {
    names: [":t", ":type"],
    operand: "<expr>",
    brief: "Show of which type a value is",
    run: (repl, argument) => {
      repl.print(describeType(repl.evaluate(argument)));
      return nothing;
    },
  },
  {
    names: [":te", ":trace-enable"],
    operand: "[bool]",
    brief: "Show whole traces of errors, or no longer",
    changes: true,
    run: (repl, argument) => {
      if (!["", "true", "false"].includes(argument)) {
        throw new NixError("eval", `unexpected argument '${argument}' to :te; it takes true or false`);
      }
      repl.showTrace = argument === "" ? !repl.showTrace : argument === "true";
      repl.print(repl.showTrace ? "showing error traces" : "not showing error traces");
      return nothing;
    },
  },
  {
    names: [":?", ":help"],
    brief: "Show this list",
    run: (repl) => {
      repl.print(help());
      return nothing;
    },
  },
];

export const commandNames: readonly string[] = commands.flatMap(({ names }) => names);

export function findCommand(name: string): ReplCommand | undefined {
  return commands.find(({ names }) => names.includes(name));
}

function help(): string {
  const rows: (readonly [string, string])[] = [
    ["<expr>", "Evaluate and show a value"],
    ["<name> = <expr>", "Give a value a name; also several, and inherit"],
    ...commands.map(
      ({ names, operand, brief }) => [[names.join(", "), operand ?? ""].join(" ").trim(), brief] as const,
    ),
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, brief]) => `  ${left.padEnd(width)}  ${brief}`).join("\n");
}

function findDocumentation(repl: Repl, text: string): string {
  const expr = repl.parse(text);
  const value = repl.evalExpr(expr);
  const found = documentation(repl.session.evaluator, value);
  if (found !== undefined) return found;
  const last = expr.kind === "select" ? expr.path.at(-1) : undefined;
  if (expr.kind === "select" && last?.kind === "static") {
    const path = expr.path.slice(0, -1);
    const set = repl.evalExpr(path.length === 0 ? expr.subject : { ...expr, path });
    const pos = set instanceof Attrs ? set.positionOf(last.name) : noPos;
    const about = attributeDocumentation(symbolName(last.name), pos);
    if (about !== undefined) return about;
  }
  throw new NixError("eval", "value does not have documentation");
}

/** Where something is defined that `:edit` can open. */
function definition(repl: Repl, slot: Slot): NonNullable<Outcome["edit"]> {
  const value = force(slot);
  const { evaluator } = repl.session;
  if (value instanceof NixPath || typeof value === "string" || value instanceof NixString) {
    const what = "the filename to edit";
    return { file: evaluator.coerceToPath(value, noPos, what, new Set()), line: undefined };
  }
  if (value instanceof Lambda) {
    const at = resolvePos(value.code.pos);
    if (at?.source.origin.kind === "file") return { file: at.source.origin.path, line: at.line };
    throw new NixError("eval", "the function is not defined in a file, so there is nothing to edit");
  }
  return packageFile(repl, value);
}

/** nixpkgs says in `meta.position` where a package is defined: `file:line`. */
function packageFile(repl: Repl, value: Slot): NonNullable<Outcome["edit"]> {
  const { evaluator } = repl.session;
  const meta = value instanceof Attrs ? value.getByName("meta") : undefined;
  const position = meta && evaluator.forceAttrs(meta, noPos, "the 'meta' attribute").getByName("position");
  if (position === undefined) {
    throw new NixError(
      "eval",
      "it is neither a path nor a function nor a package that says where it is defined",
    );
  }
  const text = evaluator.forceString(position, noPos, "the 'meta.position' attribute", undefined);
  const [, file, line] = /^(.+):([0-9]+)$/s.exec(text) ?? [];
  if (file === undefined) throw new NixError("eval", `cannot parse 'meta.position' attribute '${text}'`);
  return { file: resolvePath("/", file), line: Number(line) };
}

async function build(repl: Repl, argument: string): Promise<Partial<Outcome>> {
  const { evaluator, host } = repl.session;
  const value = repl.evaluate(argument);
  if (!(value instanceof Attrs) || value.getByName("drvPath") === undefined) {
    throw new NixError("eval", "expression does not evaluate to a derivation, so I can't build it");
  }
  const path = derivationPath(evaluator, value);
  const { LocalStore } = await import("../instantiate/local-store.ts");
  const store = new LocalStore({ uri: undefined, env: repl.options.env });
  try {
    await store.write(host.objects, [path]);
    const outputs = await store.build(path);
    repl.print("This derivation produced the following outputs:");
    for (const output of outputs) repl.print(`  ${fromText(output)}`);
    return nothing;
  } catch (cause) {
    if (!(cause instanceof LocalStoreError)) throw cause;
    throw new NixError("store", `cannot build '${path}': ${fromText(cause.message)}`, { cause });
  }
}
