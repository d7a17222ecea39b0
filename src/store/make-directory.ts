import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "./system-error.ts";

/**
 * Makes a directory, with those that it lies in; that it is there already is no failure. Node's own `recursive` never
 * ends where nothing can be made in a directory that is there, as in /proc.
 */
export function makeDirectory(path: string | Buffer, mode = 0o777): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isDirectory(path)) return;
    const parent = parentOf(path);
    if (systemErrorCode(error) !== "ENOENT" || existsSync(parent)) throw error;
    makeDirectory(parent, mode);
    makeDirectory(path, mode);
  }
}

function isDirectory(path: string | Buffer): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function parentOf(path: string | Buffer): string | Buffer {
  return typeof path === "string" ? dirname(path) : Buffer.from(dirname(path.toString("latin1")), "latin1");
}
