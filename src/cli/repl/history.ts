/** The lines of earlier sessions. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDirectory } from "../../store/make-directory.ts";

/** How many lines are kept. */
export const historySize = 1000;

/** XDG Base Directory Specification; undefined: nowhere. */
export function historyFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_STATE_HOME: stateHome, HOME: home } = env;
  const base = stateHome || (home && join(home, ".local", "state"));
  return base ? join(base, "nixus", "repl-history") : undefined;
}

/** Newest first, as readline has it. None, where there is no file that can be read. */
export function readHistory(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines
      .filter((line) => line !== "")
      .slice(-historySize)
      .reverse();
  } catch {
    return [];
  }
}

/** Only for the person who typed them: lines may hold secrets. A history that can't be kept is no reason to fail. */
export function writeHistory(file: string | undefined, newestFirst: readonly string[]): void {
  if (file === undefined) return;
  try {
    makeDirectory(dirname(file), 0o700);
    const lines = newestFirst.slice(0, historySize).toReversed();
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  } catch {
    // As said above.
  }
}
