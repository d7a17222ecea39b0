/**
 * `nixus.lock`, beside the network file: what must stay the same between evaluations and is no one's to write by
 * hand. Evaluation only reads it, commands update it, the user commits it.
 *
 * JSON with one entry on each line and sorted names, so that the same content is the same file and git merges the
 * additions of two branches line by line. Each section is its module's own:
 *
 * ```json
 * {
 *   "version": 1,
 *   "vpn": {
 *     "addresses": {
 *       "home": {
 *         "laptop": {
 *           "subnetIp": "10.0.0.2"
 *         }
 *       }
 *     }
 *   }
 * }
 * ```
 */
import type { ZodType } from "zod";
import { type Checked, type LazySchema, lazySchema } from "../store/schema.ts";

export const lockFileName = "nixus.lock";

/** The version of the format that is written. A file of an earlier one would be read as well. */
const version = 1;

/** The file is not one that can be read; the message names it, and the line where that is known. */
export class LockFileError extends Error {
  override readonly name = "LockFileError";
}

/** The part of the file that a module keeps. */
export interface LockSection<T> {
  readonly name: string;
  readonly schema: LazySchema<ZodType<T>>;
  /** What it is where the file has none. */
  readonly empty: T;
}

const contents = lazySchema((z) => z.record(z.string(), z.json()));
type Contents = Checked<typeof contents>;
type Json = Contents[string];

export class LockFile {
  /** For messages. */
  readonly path: string;
  /** By name; those of other modules, or of other versions of this program, too. */
  private readonly sections: ReadonlyMap<string, Json>;
  /** Sections that were asked for: each of many secrets asks, and checking takes time. */
  private readonly checked = new Map<LockSection<unknown>, unknown>();

  private constructor(path: string, sections: ReadonlyMap<string, Json>) {
    this.path = path;
    this.sections = sections;
  }

  /** A file that is not there. */
  static empty(path: string): LockFile {
    return new LockFile(path, new Map());
  }

  /** Fails with a {@link LockFileError}. */
  static parse(path: string, text: string): LockFile {
    const parsed = contents().safeParse(parseJson(path, text));
    if (!parsed.success) throw new LockFileError(`'${path}' is not a lock file: it is not a JSON object`);
    const { version: written, ...sections } = parsed.data;
    if (typeof written !== "number" || !Number.isInteger(written) || written < 1) {
      throw new LockFileError(`'${path}' is not a lock file: it has no "version"`);
    }
    if (written > version) {
      throw new LockFileError(
        `'${path}' was written by a newer nixus (version ${written} of the format; this one reads ${version}); update nixus`,
      );
    }
    return new LockFile(path, new Map(Object.entries(sections)));
  }

  /** Fails with a {@link LockFileError} when the section is not what its module writes. */
  get<T>(section: LockSection<T>): T {
    const written = this.sections.get(section.name);
    if (written === undefined) return section.empty;
    if (this.checked.has(section)) return this.checked.get(section) as T;
    const parsed = section.schema().safeParse(written);
    if (parsed.success) {
      this.checked.set(section, parsed.data);
      return parsed.data;
    }
    const [issue] = parsed.error.issues;
    const where = [section.name, ...(issue?.path ?? [])]
      .map((part) => JSON.stringify(String(part)))
      .join(".");
    throw new LockFileError(`'${this.path}': ${where}: ${issue?.message ?? "unexpected value"}`);
  }

  /** With another content of the section; a section that is an empty object is left out. */
  with(section: LockSection<unknown>, value: Json): LockFile {
    return new LockFile(this.path, new Map(this.sections).set(section.name, value));
  }

  /** The text of the file. */
  render(): string {
    const sections = [...this.sections].filter(([, value]) => !isEmptyObject(value));
    const entries: (readonly [string, Json])[] = [["version", version], ...sections.sort(byName)];
    return `${renderEntries(entries, "")}\n`;
  }
}

const markers = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/m;

function parseJson(path: string, text: string): unknown {
  const conflict = markers.exec(text);
  if (conflict !== null) {
    throw new LockFileError(
      `'${path}' line ${lineOf(text, conflict.index)}: git left a merge conflict here; keep the lines of both sides ` +
        "(one of them where they give the same name), remove the markers, and check with the command that wrote them, e.g. 'nixus lock'",
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const position = /at position (\d+)/.exec(message)?.[1];
    const where = position === undefined ? "" : ` line ${lineOf(text, Number(position))}`;
    throw new LockFileError(`'${path}'${where} is not JSON: ${message}`, { cause: error });
  }
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** Not JSON.stringify, which puts names that look like numbers first whatever order they come in. */
function renderJson(value: Json, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const elements = value.map((element) => `${inner}${renderJson(element, inner)}`);
    return `[\n${elements.join(",\n")}\n${indent}]`;
  }
  return renderEntries(Object.entries(value).sort(byName), indent);
}

function renderEntries(entries: readonly (readonly [string, Json])[], indent: string): string {
  if (entries.length === 0) return "{}";
  const inner = `${indent}  `;
  const lines = entries.map(
    ([name, value]) => `${inner}${JSON.stringify(name)}: ${renderJson(value, inner)}`,
  );
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function byName([a]: readonly [string, Json], [b]: readonly [string, Json]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isEmptyObject(value: Json): boolean {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
