/** The text of a `.drv` file: an ATerm (Nix manual, "Derivation ATerm Format"). */
import { type Derivation, type DerivationOutput, derivationOutputPath } from "./derivation.ts";
import { StoreError } from "./errors.ts";
import { parseDigest, parseHashAlgorithm, printHash } from "./hash.ts";
import { type ContentAddressMethod, compareBytes, methodPrefix, sortedBytes } from "./store-path.ts";

/**
 * The text of a derivation. `inputs` replaces the input derivations, keyed by hash instead of path, where the
 * text is not to be stored but hashed.
 */
export function unparseDerivation(
  derivation: Derivation,
  inputs: ReadonlyMap<string, ReadonlySet<string>> = derivation.inputDerivations,
): string {
  const outputs = sortedEntries(derivation.outputs).map(([name, output]) => {
    const fields = outputFields(derivation.name, output).map((field) => `"${field}"`);
    return `("${name}",${fields.join(",")})`;
  });
  let inputTerms = "";
  for (const key of sortedBytes(inputs.keys())) {
    inputTerms += `${inputTerms === "" ? "" : ","}("${key}",${plainList(inputs.get(key)!)})`;
  }
  return `Derive([${outputs.join(",")}],[${inputTerms}],${restOf(derivation)})`;
}

/** A derivation is written twice: as it is stored, and with other inputs as it is hashed. */
const rests = new WeakMap<Derivation, string>();

/** What follows the inputs, without the parenthesis at the end. */
function restOf(derivation: Derivation): string {
  let rest = rests.get(derivation);
  if (rest === undefined) {
    const { inputSources, system, builder, args, env } = derivation;
    const variables = sortedBytes(env.keys()).map((name) => `(${quote(name)},${quote(env.get(name)!)})`);
    rest =
      `${plainList(inputSources)},"${system}",${quote(builder)},[${args.map(quote).join(",")}],` +
      `[${variables.join(",")}]`;
    rests.set(derivation, rest);
  }
  return rest;
}

/** Path, method with algorithm, and hash. */
function outputFields(derivationName: string, output: DerivationOutput): [string, string, string] {
  switch (output.type) {
    case "inputAddressed":
      return [output.path, "", ""];
    case "fixed":
      return [
        derivationOutputPath(derivationName, output) ?? "",
        methodPrefix(output.method) + output.hash.algorithm,
        printHash(output.hash, "base16", false),
      ];
    case "floating":
      return ["", methodPrefix(output.method) + output.algorithm, ""];
    case "impure":
      return ["", methodPrefix(output.method) + output.algorithm, "impure"];
    case "deferred":
      return ["", "", ""];
  }
}

function sortedEntries<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort((a, b) => compareBytes(a[0], b[0]));
}

/** A list of texts that have nothing to escape. */
function plainList(texts: ReadonlySet<string>): string {
  if (texts.size === 1) for (const text of texts) return `["${text}"]`;
  const sorted = sortedBytes(texts);
  return sorted.length === 0 ? "[]" : `["${sorted.join('","')}"]`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function quote(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (!/["\\\x00-\x1f]/.test(text)) return `"${text}"`;
  // The same as JSON's escapes, except for the control characters that have none here.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (!/[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text)) return JSON.stringify(text);
  return `"${text.replace(/["\\\n\r\t]/g, (character) => escapes[character]!)}"`;
}

/** Parses a `.drv` file's text (a byte string); `name` is the derivation's, without `.drv`. Fails with a StoreError. */
export function parseDerivation(text: string, name: string): Derivation {
  const reader = new TermReader(text, name);
  if (text.startsWith("DrvWithVersion(")) {
    throw new StoreError(`derivation '${name}' depends on dynamic derivations, which are not supported`);
  }
  reader.expect("Derive(");
  const outputs = reader.list(() => {
    reader.expect("(");
    const output = reader.string();
    reader.expect(",");
    const path = reader.string();
    reader.expect(",");
    const method = reader.string();
    reader.expect(",");
    const hash = reader.string();
    reader.expect(")");
    return [output, parseOutput(path, method, hash)] as const;
  });
  reader.expect(",");
  const inputDerivations = reader.list(() => {
    reader.expect("(");
    const path = reader.string();
    reader.expect(",");
    const names = reader.list(() => reader.string());
    reader.expect(")");
    return [path, new Set(names)] as const;
  });
  reader.expect(",");
  const inputSources = reader.list(() => reader.string());
  reader.expect(",");
  const system = reader.string();
  reader.expect(",");
  const builder = reader.string();
  reader.expect(",");
  const args = reader.list(() => reader.string());
  reader.expect(",");
  const env = reader.list(() => {
    reader.expect("(");
    const variable = reader.string();
    reader.expect(",");
    const value = reader.string();
    reader.expect(")");
    return [variable, value] as const;
  });
  reader.expect(")");
  reader.expectEnd();
  return {
    name,
    outputs: new Map(outputs),
    inputDerivations: new Map(inputDerivations),
    inputSources: new Set(inputSources),
    system,
    builder,
    args,
    env: new Map(env),
  };
}

function parseOutput(path: string, methodAndAlgorithm: string, hash: string): DerivationOutput {
  if (methodAndAlgorithm === "") {
    return path === "" ? { type: "deferred" } : { type: "inputAddressed", path };
  }
  const colon = methodAndAlgorithm.indexOf(":");
  const method = methodOfPrefix(methodAndAlgorithm.slice(0, colon + 1));
  const algorithm = parseHashAlgorithm(methodAndAlgorithm.slice(colon + 1));
  if (hash === "") return { type: "floating", method, algorithm };
  if (hash === "impure") return { type: "impure", method, algorithm };
  return { type: "fixed", method, hash: { algorithm, bytes: parseDigest(hash, algorithm) } };
}

function methodOfPrefix(prefix: string): ContentAddressMethod {
  switch (prefix) {
    case "":
      return "flat";
    case "r:":
      return "nar";
    case "text:":
      return "text";
    default:
      throw new StoreError(`unknown content address method '${prefix}' in derivation`);
  }
}

const unescapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

class TermReader {
  private readonly text: string;
  private readonly name: string;
  private at = 0;

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
  }

  expect(token: string): void {
    if (!this.text.startsWith(token, this.at)) this.fail(`expected string '${token}'`);
    this.at += token.length;
  }

  string(): string {
    this.expect('"');
    const start = this.at;
    let end = start;
    let escaped = false;
    for (;;) {
      const character = this.text.charCodeAt(end);
      if (Number.isNaN(character)) this.fail("unterminated string");
      if (character === 34) break;
      if (character === 92) {
        escaped = true;
        end++;
      }
      end++;
    }
    this.at = end + 1;
    const raw = this.text.slice(start, end);
    return escaped
      ? raw.replace(/\\([\s\S])/g, (_, character: string) => unescapes[character] ?? character)
      : raw;
  }

  list<T>(item: () => T): T[] {
    this.expect("[");
    const items: T[] = [];
    if (this.text[this.at] === "]") {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(item());
      if (this.text[this.at] === "]") break;
      this.expect(",");
    }
    this.at++;
    return items;
  }

  expectEnd(): void {
    if (this.at !== this.text.length) this.fail("expected nothing more");
  }

  private fail(problem: string): never {
    throw new StoreError(`error parsing derivation '${this.name}': ${problem} at byte ${this.at}`);
  }
}
