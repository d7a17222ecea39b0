/** Absolute paths as text, without a look at any file system. */
import { normalisePath as normalise } from "../syntax/paths.ts";

/** Absolute and without `.`, `..`, empty components and a slash at the end: `/a/./b/../c//` is `/a/c`. */
export function normalisePath(path: string): string {
  return isNormal(path) ? path : normalise(path);
}

function isNormal(path: string): boolean {
  return (
    path === "/" || (path.startsWith("/") && !path.endsWith("/") && !/\/(?:\/|\.\.?(?:\/|$))/.test(path))
  );
}

/** `text` relative to `base` when it is not absolute. */
export function resolvePath(base: string, text: string): string {
  return normalisePath(text.startsWith("/") ? text : `${base}/${text}`);
}

export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
