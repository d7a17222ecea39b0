/** Which system each machine ran when it was last seen from here: `machines.json`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Checked, lazySchema, zod } from "../../store/schema.ts";
import { StateError, writeState } from "./directory.ts";

const schema = lazySchema((z) =>
  z.object({
    version: z.literal(1),
    /** The network file, for people who look. */
    file: z.string(),
    machines: z.record(z.string(), z.object({ system: z.string(), time: z.string() })),
  }),
);
type Machines = Checked<typeof schema>;

const fileName = "machines.json";

/** By the node's name. Throws a StateError when the file is broken. */
export function readLastSeen(directory: string): Map<string, string> {
  return new Map(Object.entries(read(directory)?.machines ?? {}).map(([name, { system }]) => [name, system]));
}

/** Adds what machines are known to run now. Throws a StateError. */
export function rememberSeen(
  directory: string,
  file: string,
  seen: readonly { readonly node: string; readonly runs: string | null }[],
): void {
  const time = new Date().toISOString();
  const machines: Machines["machines"] = { ...read(directory)?.machines };
  for (const { node, runs } of seen) if (runs !== null) machines[node] = { system: runs, time };
  writeState(
    join(directory, fileName),
    `${JSON.stringify({ version: 1, file, machines } satisfies Machines, null, 2)}\n`,
  );
}

function read(directory: string): Machines | undefined {
  const path = join(directory, fileName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new StateError(`${path} can't be read: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema().safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new StateError(
    `${path} is not what nixus has written (${zod().prettifyError(parsed.error)}); remove it: the next deployment then takes machines as they are`,
    { cause: parsed.error },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
