/** What is said of a command line that can't be read. stricli reads it, and says it in words of its own otherwise. */
import { ArgumentScannerError, formatMessageForArgumentScannerError } from "@stricli/core";
import { formatFailure } from "./failure.ts";

/** `path`: the words of commands that were understood before. */
export function unknownCommand(path: readonly string[], word: string, near: readonly string[]): string {
  if (word.startsWith("-")) return `error: '${word}' stands in front of a command; flags stand behind it`;
  const nameOf = (name: string) => [...path, name].join(" ");
  // They come in the quotation marks of stricli's own message.
  const meant = near.map((name) => `'${nameOf(name.replaceAll("`", ""))}'`);
  return `error: there is no command '${nameOf(word)}'${didYouMean(meant)}`;
}

export function misreadArguments(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return formatFailure(error);
  const message = formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) =>
      `there is no flag --${input}${didYouMean(corrections.map((name) => `--${kebab(name)}`))}`,
    AliasNotFoundError: ({ input }) => `there is no flag -${input}`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, input, exception }) =>
      // Of booleans, which stricli parses itself; what we parse has messages of its own.
      exception instanceof SyntaxError
        ? `--${name}: '${input}' is neither true nor false`
        : `--${name}: ${exception instanceof Error ? exception.message : String(exception)}`,
    EnumValidationError: ({ externalFlagName: name, input, values }) =>
      `--${name}: '${input}' is none of ${values.join(", ")}`,
    UnexpectedFlagError: ({ externalFlagName: name, previousInput, input }) =>
      `--${name} is given twice: '${previousInput}' and '${input}'`,
    UnsatisfiedFlagError: ({ externalFlagName: name }) => `--${name} needs a value`,
    UnexpectedPositionalError: ({ input }) => `one argument too many: '${input}'`,
    UnsatisfiedPositionalError: ({ placeholder }) => `an argument is missing: ${placeholder}`,
  });
  return `error: ${message}`;
}

function didYouMean(alternatives: readonly string[]): string {
  return alternatives.length === 0 ? "" : `; did you mean ${alternatives.join(" or ")}?`;
}

/** `dryRun` is written `--dry-run`. */
function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
