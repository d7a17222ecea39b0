import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Does it while this process can't open any more files (EMFILE). */
export async function withNoMoreFiles<T>(action: () => Promise<T>): Promise<T> {
  const prlimit = (...args: string[]) =>
    execFileSync("prlimit", ["--pid", String(process.pid), ...args], { encoding: "utf8" }).trim();
  const before = prlimit("--output=SOFT", "--noheadings", "--raw", "--nofile");
  const opened: number[] = [];
  // So that they are soon used up.
  prlimit("--nofile=256:");
  try {
    fill(opened);
    return await action();
  } finally {
    for (const file of opened) closeSync(file);
    prlimit(`--nofile=${before}:`);
  }
}

function fill(opened: number[]): void {
  for (;;) {
    try {
      opened.push(openSync("/dev/null", "r"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EMFILE") return;
      throw error;
    }
  }
}
