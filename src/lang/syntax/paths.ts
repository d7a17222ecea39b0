/** The path without `.`, `..`, empty segments and trailing slashes; `..` of the root is the root. `path` is absolute. */
export function normalisePath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join("/")}`;
}
