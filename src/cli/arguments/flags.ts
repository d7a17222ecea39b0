/**
 * Command lines in the manner of Nix's own programs, whose flags take several operands and may come many times: tables
 * of flags, read into a draft that each flag changes.
 */
import { UsageError } from "../errors.ts";

export interface Flag<Draft> {
  /** e.g. `--attr` and `-A`. */
  readonly names: readonly string[];
  /** What the words behind it are called in the help. */
  readonly operands?: readonly string[];
  /** For the help; a flag without it isn't listed there. */
  readonly brief?: string;
  readonly apply: (draft: Draft, ...operands: string[]) => void;
}

/**
 * Applies the flags to the draft and returns the words that are none. `more` knows flags that no table lists.
 * Throws a {@link UsageError}.
 */
export function readFlags<Draft>(
  args: readonly string[],
  flags: readonly Flag<Draft>[],
  draft: Draft,
  more: (name: string) => Flag<Draft> | undefined,
): string[] {
  const byName = new Map(flags.flatMap((flag) => flag.names.map((name) => [name, flag] as const)));
  const todo = args.toReversed();
  const words: string[] = [];
  for (;;) {
    const word = todo.pop();
    if (word === undefined) return words;
    const expanded = byName.has(word) ? [word] : expandCluster(word);
    todo.push(...expanded.slice(1).reverse());
    const [name] = expanded;
    const flag = byName.get(name!) ?? more(name!);
    if (flag === undefined) {
      if (/^-./.test(name!)) throw new UsageError(`unrecognised flag '${name}'`);
      words.push(name!);
      continue;
    }
    const operands = (flag.operands ?? []).map(() => {
      const operand = todo.pop();
      if (operand === undefined) throw new UsageError(missingOperand(name!, flag.operands!.length));
      return operand;
    });
    flag.apply(draft, ...operands);
  }
}

/** `-qlf` is `-q -l -f`; where no letter follows, the rest is an operand: `-I/path`. */
function expandCluster(word: string): string[] {
  const letters = /^-([A-Za-z]{2,}|[A-Za-z](?=[^A-Za-z]))/.exec(word)?.[1];
  if (letters === undefined) return [word];
  const rest = word.slice(1 + letters.length);
  return [...[...letters].map((letter) => `-${letter}`), ...(rest === "" ? [] : [rest])];
}

function missingOperand(name: string, count: number): string {
  return `'${name}' requires ${count === 1 ? "an argument" : `${count} arguments`}`;
}

/** The lines of the help for a table of flags. */
export function describeFlags<Draft>(flags: readonly Flag<Draft>[]): string {
  const rows = flags.flatMap(({ names, operands = [], brief }) =>
    brief === undefined ? [] : [{ left: [names.join(" "), ...operands].join(" "), brief }],
  );
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, brief }) => `  ${left.padEnd(width)}  ${brief}\n`).join("");
}
