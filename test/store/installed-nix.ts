/** The Nix that is installed here, for tests that compare with it; they are skipped where there is none. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const hasNix = spawnSync("nix-store", ["--version"]).status === 0;

/** Runs one of Nix's commands with a store of its own below `root`; returns its standard output. */
export function runNix(root: string, command: string, args: readonly string[], input?: Uint8Array): Buffer {
  const result = spawnSync(command, args, {
    input,
    maxBuffer: 1 << 28,
    env: { ...process.env, NIX_REMOTE: `local?root=${root}`, NIX_CONFIG: "sandbox = false" },
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr.toString()}`);
  return result.stdout;
}

export interface ScratchDirectory extends Disposable {
  readonly path: string;
}

/** A directory that is removed at the end of the block. */
export function scratchDirectory(): ScratchDirectory {
  const path = mkdtempSync(join(tmpdir(), "nixus-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
