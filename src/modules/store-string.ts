/**
 * Strings and paths of the Nix language as TypeScript code sees them, when a plain JavaScript string would lose
 * something: references to the store, or that it is a path.
 */
import { NixError } from "../lang/eval/errors.ts";
import { type Context, NixPath, NixString } from "../lang/eval/value.ts";
import { fromText, toText } from "../store/bytes.ts";
import { currentScriptPosition } from "./script-position.ts";

/**
 * A string that refers to store objects. It can be passed on as a definition. To make a longer one of it write
 * {@link text}`...${it}...`; JavaScript's own conversion would drop the references and is refused.
 */
export class StoreString {
  readonly value: NixString;
  constructor(value: NixString) {
    this.value = value;
  }

  /** The characters alone, for looking at them: a definition made of this refers to nothing. */
  get textWithoutReferences(): string {
    return toText(this.value.text);
  }

  /** In Nix's own encoding, see {@link Context}. */
  get references(): Context {
    return this.value.context;
  }

  [Symbol.toPrimitive](): never {
    return refuse(this.value.text, "string with references to the store");
  }

  toString(): string {
    return this[Symbol.toPrimitive]();
  }

  toJSON(): never {
    return refuse(this.value.text, "string with references to the store");
  }
}

/** A path value (`./file`), as a definition or as read from one. Absolute, ordinary text. */
export class SourcePath {
  readonly path: string;
  constructor(path: string) {
    if (!path.startsWith("/")) {
      throw new NixError("module", `a path must be absolute, but '${fromText(path)}' is not`);
    }
    this.path = path;
  }

  toNix(): NixPath {
    return new NixPath(fromText(this.path));
  }

  [Symbol.toPrimitive](): never {
    throw new NixError(
      "module",
      `the path '${fromText(this.path)}' would be turned into a string by JavaScript; ` +
        "write `it.path` for its name on this machine, or give the path itself as the definition",
      { pos: currentScriptPosition() },
    );
  }

  toString(): string {
    return this[Symbol.toPrimitive]();
  }
}

function refuse(characters: string, what: string): never {
  throw new NixError(
    "module",
    `the ${what} '${characters}' would lose its references when JavaScript turns it into a plain string; ` +
      "write a text`...` template with it to build a longer string, " +
      "or `it.textWithoutReferences` if the references are not wanted",
    { pos: currentScriptPosition() },
  );
}

/**
 * Template tag that keeps references: text`${unit}/bin/x --port ${80}`. Takes strings, numbers, {@link StoreString}s,
 * and views of sets that have an `outPath` (packages). Gives a plain string when there is no reference in it.
 */
export function text(
  pieces: TemplateStringsArray,
  ...parts: readonly (string | number | bigint | StoreString | object)[]
): string | StoreString {
  return concatText(pieces.flatMap((piece, i) => (i < parts.length ? [piece, parts[i]!] : [piece])));
}

/** The parts, one after the other, with the references of all; see {@link text}. */
export function concatText(
  parts: readonly (string | number | bigint | StoreString | object)[],
  separator: string | StoreString = "",
): string | StoreString {
  let characters = "";
  const context = new Set<string>();
  parts.forEach((part, index) => {
    if (index > 0) add(separator);
    add(part);
  });
  return context.size === 0 ? toText(characters) : new StoreString(new NixString(characters, context));

  function add(part: string | number | bigint | StoreString | object): void {
    if (part instanceof StoreString) {
      characters += part.value.text;
      for (const reference of part.value.context) context.add(reference);
    } else if (typeof part === "string" || typeof part === "number" || typeof part === "bigint") {
      characters += fromText(String(part));
    } else {
      const outPath: unknown = "outPath" in part ? part.outPath : undefined;
      if (typeof outPath !== "string" && !(outPath instanceof StoreString)) {
        throw new NixError(
          "module",
          "text`...` takes strings, numbers, strings with references, and packages (sets with an `outPath`)",
          { pos: currentScriptPosition() },
        );
      }
      add(outPath);
    }
  }
}
