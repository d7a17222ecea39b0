/**
 * What a script on a machine has answered: lines `KEY=VALUE`, a key as often as it has values, between `nixus-NAME=1` and
 * `end=`. Lines around them (a shell's greeting) are ignored. Undefined where there is no such answer, or not all of it.
 */
export function readAnswer(
  lines: readonly string[],
  name: string,
): ((key: string) => readonly string[]) | undefined {
  const first = lines.indexOf(`nixus-${name}=1`);
  const last = first < 0 ? -1 : lines.indexOf("end=", first);
  if (last < 0) return undefined;
  const values = new Map<string, string[]>();
  for (const line of lines.slice(first + 1, last)) {
    const separator = line.indexOf("=");
    const key = line.slice(0, separator);
    const known = values.get(key);
    if (known === undefined) values.set(key, [line.slice(separator + 1)]);
    else known.push(line.slice(separator + 1));
  }
  return (key) => values.get(key) ?? [];
}
