/** Commands that read their flags themselves: stricli hands them all words as they are. */
const commands: ReadonlySet<string | undefined> = new Set(["nix-instantiate", "repl"]);

/** The words for stricli, which takes what is behind `--` for no flag of its own. */
export function withOwnFlags(words: readonly string[]): readonly string[] {
  const [command, ...rest] = words;
  return commands.has(command) ? [command!, "--", ...rest] : words;
}
