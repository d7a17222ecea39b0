/** What of a closure travels, and whether there is room for it. Pure. */
import type { PathInfo } from "../store/daemon/path-info.ts";

export type Transfer =
  | { readonly type: "refuse"; readonly problem: string }
  /** References before referrers; `size` in bytes of NARs. */
  | { readonly type: "send"; readonly paths: readonly PathInfo[]; readonly size: number };

/** What a store needs beyond the NARs themselves: the database and file system blocks. */
const spaceMargin = 16 * 1024 * 1024;

/** `closure` is in an order in which it can be sent, `valid` what the machine has of it, `free` its bytes. */
export function planTransfer(
  closure: readonly PathInfo[],
  valid: ReadonlySet<string>,
  free: number,
): Transfer {
  const paths = closure.filter(({ path }) => !valid.has(path));
  const size = paths.reduce((sum, { narSize }) => sum + narSize, 0);
  if (paths.length > 0) {
    const problem = spaceProblem(size, free);
    if (problem !== undefined) return { type: "refuse", problem };
  }
  return { type: "send", paths, size };
}

/** Why so many bytes don't go into a store; undefined when they do. */
export function spaceProblem(size: number, free: number): string | undefined {
  const needed = Math.ceil(size * 1.1) + spaceMargin;
  if (free >= needed) return undefined;
  return `the file system of /nix/store has ${mebibytes(free)} left and ${mebibytes(needed)} are needed; make room, e.g. with nix-collect-garbage`;
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / (1024 * 1024))} MiB`;
}
