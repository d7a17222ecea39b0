/** What a store tells while it works: log lines and activities (Nix's `logging.hh`). */
import { DaemonProtocolError } from "./errors.ts";
import type { WireReader } from "./wire.ts";

type Field = number | bigint | string;

export type DaemonMessage =
  | { readonly type: "line"; readonly text: string }
  | {
      readonly type: "start";
      readonly id: bigint;
      readonly activity: ActivityType;
      /** For people; may be empty. */
      readonly text: string;
      readonly fields: readonly Field[];
      readonly parent: bigint;
    }
  | { readonly type: "stop"; readonly id: bigint }
  | {
      readonly type: "result";
      /** Of the activity that it is about. */
      readonly id: bigint;
      readonly result: ResultType;
      readonly fields: readonly Field[];
    };

/** `build`: the derivation's path. `copy-path`: store path, from, to. `substitute`: store path, from. */
type ActivityType = "copy-path" | "build" | "substitute" | "other";

/** `build-log-line`: the line. `set-phase`: its name. `progress`: done, expected, running, failed. */
type ResultType = "build-log-line" | "set-phase" | "progress" | "other";

const activityTypes: ReadonlyMap<number, ActivityType> = new Map([
  [100, "copy-path"],
  [105, "build"],
  [108, "substitute"],
]);

const resultTypes: ReadonlyMap<number, ResultType> = new Map([
  [101, "build-log-line"],
  [104, "set-phase"],
  [105, "progress"],
]);

const stderrNext = 0x6f6c6d67;
export const stderrRead = 0x64617461;
export const stderrLast = 0x616c7473;
export const stderrError = 0x63787470;
const stderrStartActivity = 0x53545254;
const stderrStopActivity = 0x53544f50;
const stderrResult = 0x52534c54;

/** The rest of a message of one of these kinds; undefined when the kind is another. */
export async function readMessage(kind: number, reader: WireReader): Promise<DaemonMessage | undefined> {
  switch (kind) {
    case stderrNext:
      return { type: "line", text: withoutColours((await reader.string()).replace(/\n$/, "")) };
    case stderrStartActivity: {
      const id = await reader.identifier();
      await reader.integer(); // verbosity
      const activity = activityTypes.get(await reader.integer()) ?? "other";
      const text = await reader.string();
      const fields = await readFields(reader);
      return { type: "start", id, activity, text, fields, parent: await reader.identifier() };
    }
    case stderrStopActivity:
      return { type: "stop", id: await reader.identifier() };
    case stderrResult: {
      const id = await reader.identifier();
      const result = resultTypes.get(await reader.integer()) ?? "other";
      return { type: "result", id, result, fields: await readFields(reader) };
    }
    default:
      return undefined;
  }
}

async function readFields(reader: WireReader): Promise<Field[]> {
  const fields: Field[] = [];
  for (let left = await reader.count(); left > 0; left--) {
    const type = await reader.integer();
    if (type === 0) fields.push(await reader.identifier());
    else if (type === 1) fields.push(await reader.string());
    else throw new DaemonProtocolError(`the Nix daemon sent a field of the unknown type ${type}`);
  }
  return fields;
}

/** What STDERR_ERROR says, in the form of the protocol's version (since 1.26 a structure with traces). */
export async function readErrorMessage(minor: number, reader: WireReader): Promise<string> {
  if (minor < 26) {
    const message = await reader.string();
    await reader.integer(); // exit status
    return withoutColours(message);
  }
  await reader.string(); // "Error"
  await reader.integer(); // verbosity
  await reader.string(); // name, no longer used
  const message = await reader.string();
  await expectNoPosition(reader);
  for (let left = await reader.count(); left > 0; left--) {
    await expectNoPosition(reader);
    await reader.string();
  }
  return withoutColours(message);
}

async function expectNoPosition(reader: WireReader): Promise<void> {
  if (await reader.boolean()) throw new DaemonProtocolError("the Nix daemon sent a position");
}

/** Nix colours store paths in its messages, whoever they are for. */
export function withoutColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
