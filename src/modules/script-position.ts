/**
 * Places in files of users that are not Nix, for messages. Whoever loads such files registers them here, and has every
 * object literal in them pass through {@link locate}, so that definitions know where they were written.
 */
import { fileURLToPath } from "node:url";
import { addSource, noPos, type Pos } from "../lang/syntax/positions.ts";
import { fromText } from "../store/bytes.ts";
import { unknownFile } from "./names.ts";

/** A loaded file. */
export interface Script {
  /** Text as it was written. */
  readonly text: string;
  /** Position of the text's first byte. */
  readonly base: Pos;
  /** From a place in the code that runs to one in the text; both count from 0, columns in UTF-16 units. */
  original(line: number, column: number): { readonly line: number; readonly column: number } | undefined;
}

const scripts = new Map<string, Script>();

/** Makes places in the file known. `path` is ordinary text. */
export function registerScript(path: string, text: string): Pos {
  return addSource({ origin: { kind: "file", path: fromText(path) }, text: fromText(text) });
}

/** From now on stack traces through the file can be read. */
export function addScript(path: string, script: Script): void {
  scripts.set(path, script);
}

/** The position of an offset in UTF-16 units. */
export function scriptOffset(base: Pos, text: string, offset: number): Pos {
  return (base + Buffer.byteLength(text.slice(0, offset))) as Pos;
}

/** Where an object literal and its properties were written. */
interface Located {
  readonly pos: Pos;
  readonly members: Readonly<Record<string, Pos>>;
}

const located = new WeakMap<object, Located>();

/** Remembers where the literal was written, and gives it back. */
export function locate<T extends object>(literal: T, pos: Pos, members: Readonly<Record<string, Pos>>): T {
  located.set(literal, { pos, members });
  return literal;
}

/** Where the property of an object was written; where the object was, when that is all that is known. */
export function memberPosition(object: object, name: string): Pos {
  const known = located.get(object);
  if (known === undefined) return noPos;
  return Object.hasOwn(known.members, name) ? known.members[name]! : known.pos;
}

const frame = /\(?((?:file:\/\/)?\/[^()]+?):(\d+):(\d+)\)?$/;

/** Where in a user's file the error arose; undefined when no such file took part. */
export function positionOfError(error: Error): Pos | undefined {
  for (const line of (error.stack ?? "").split("\n")) {
    const match = frame.exec(line);
    const script = match === null ? undefined : scripts.get(pathOf(match[1]!));
    if (script !== undefined) return positionIn(script, Number(match![2]) - 1, Number(match![3]) - 1);
  }
  return undefined;
}

/** Where the user's file that called is just now; undefined when none did. */
export function currentScriptPosition(): Pos | undefined {
  return scripts.size === 0 ? undefined : positionOfError(withStack(new Error("here")));
}

/** The path of the file that calls the function (ordinary text). */
export function callerFile(called: (...args: never[]) => unknown): string {
  const [, caller = ""] = (withStack(new Error("here"), called).stack ?? "").split("\n");
  const file = frame.exec(caller)?.[1];
  return file === undefined ? unknownFile : pathOf(file);
}

/** The path of the user's file that calls the function; undefined when another one does. */
export function callingScript(called: (...args: never[]) => unknown): string | undefined {
  if (scripts.size === 0) return undefined;
  const file = callerFile(called);
  return scripts.has(file) ? file : undefined;
}

/** Enough frames to get out of the evaluator and into the user's code. */
const deepest = 100;

function withStack(error: Error, below: (...args: never[]) => unknown = withStack): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = deepest;
  Error.captureStackTrace(error, below);
  Error.stackTraceLimit = limit;
  return error;
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}

function positionIn(script: Script, line: number, column: number): Pos {
  const original = script.original(line, column) ?? { line, column };
  const lines = script.text.split("\n");
  const before = lines.slice(0, original.line).reduce((length, one) => length + one.length + 1, 0);
  const offset = Math.min(before + original.column, script.text.length);
  return scriptOffset(script.base, script.text, offset);
}
