import { lstatSync, readdirSync } from "node:fs";
import { fsPath } from "../store/file-chunks.ts";
import { withSystemErrors } from "../store/system-error.ts";

/** When something at the path, a byte string, was changed last, in seconds since the epoch. */
export function newestChange(path: string): number {
  return withSystemErrors("getting status of", path, () => {
    const stats = lstatSync(fsPath(path));
    let newest = Math.floor(stats.mtimeMs / 1000);
    if (stats.isDirectory()) {
      for (const name of readdirSync(fsPath(path), "latin1")) {
        newest = Math.max(newest, newestChange(`${path}/${name}`));
      }
    }
    return newest;
  });
}
