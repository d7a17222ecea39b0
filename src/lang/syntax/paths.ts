/** The path without `.`, `..`, empty segments and trailing slashes; `..` of the root is the root. `path` is absolute. */
export function normalisePath(path: string): string {
  if (isNormal(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join("/")}`;
}

/** The normalised path that `relative` leads to from the directory `base`. */
export function pathFrom(base: string, relative: string): string {
  if (relative.startsWith("./")) return pathFrom(base, relative.slice(2));
  if (relative.startsWith("../") && isNormal(base)) {
    return pathFrom(base.slice(0, base.lastIndexOf("/")), relative.slice(3));
  }
  return normalisePath(`${base}/${relative}`);
}

/** May be false of a path that is normal. */
function isNormal(path: string): boolean {
  return path.startsWith("/") && !path.includes("/.") && !path.includes("//") && !path.endsWith("/");
}
