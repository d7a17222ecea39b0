/**
 * Commands that read their flags themselves, in the manner of Nix's programs. They start without stricli, which lists
 * them in its help all the same: `nix-instantiate` is called thousands of times in a row.
 */
import type { Context } from "./context.ts";

type Run = (this: Context, flags: Record<never, never>, ...words: string[]) => Promise<void>;

export const ownFlagCommands: ReadonlyMap<string | undefined, () => Promise<Run>> = new Map([
  ["nix-instantiate", async (): Promise<Run> => (await import("./instantiate/command.ts")).runNixInstantiate],
  ["repl", async (): Promise<Run> => (await import("./repl/command.ts")).runRepl],
]);
