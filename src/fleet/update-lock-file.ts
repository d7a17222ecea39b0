/** How commands read and change `nixus.lock` on disk. Evaluation reads it through its host (network/lock.ts). */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { systemErrorCode } from "../store/system-error.ts";
import { LockFile, LockFileError, lockFileName } from "./lock-file.ts";

/** The lock file of a network; empty where there is none. */
export function readLockFile(networkFile: string): LockFile {
  const path = lockFilePath(networkFile);
  const text = textOf(path);
  return text === undefined ? LockFile.empty(path) : LockFile.parse(path, text);
}

/**
 * Applies a change to what the file says now and writes it, whole or not at all. Returns whether it changed; a file
 * that says the same is not touched.
 */
export function updateLockFile(networkFile: string, change: (lock: LockFile) => LockFile): boolean {
  const path = lockFilePath(networkFile);
  const before = textOf(path);
  const lock = before === undefined ? LockFile.empty(path) : LockFile.parse(path, before);
  const after = change(lock).render();
  if (after === (before ?? lock.render())) return false;
  writeWhole(path, after);
  return true;
}

function lockFilePath(networkFile: string): string {
  return join(dirname(networkFile), lockFileName);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw new LockFileError(`cannot read '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/** Through a file beside it, that takes its place when it is complete and on disk. */
function writeWhole(path: string, text: string): void {
  let temporary: string | undefined;
  try {
    const target = throughLinks(path);
    temporary = `${target}.${randomBytes(6).toString("hex")}`;
    const file = openSync(temporary, "wx", 0o666);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw new LockFileError(`cannot write '${path}': ${(error as Error).message}`, { cause: error });
  }
}

/** A link stays one. */
function throughLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return path;
    throw error;
  }
}
