/** Attribute paths as people write them on a command line: `nodes.foo.host`, `nodes."foo.example.com".tags.0`. */

/** An attribute path that cannot be read. */
export class AttrPathError extends Error {
  override readonly name = "AttrPathError";
}

/** The names of a path; dots inside double quotes belong to a name (Nix manual, `nix-instantiate --attr`). */
export function parseAttrPath(path: string): readonly string[] {
  const names: string[] = [];
  let current = "";
  let quoted = false;
  let wasQuoted = false;
  const finish = () => {
    if (current === "" && !wasQuoted) throw new AttrPathError(`attribute path '${path}' has an empty name`);
    names.push(current);
    current = "";
    wasQuoted = false;
  };
  for (const char of path) {
    if (char === '"') {
      quoted = !quoted;
      wasQuoted = true;
    } else if (char === "." && !quoted) finish();
    else current += char;
  }
  if (quoted) throw new AttrPathError(`attribute path '${path}' misses a closing quote`);
  if (path !== "") finish();
  return names;
}
