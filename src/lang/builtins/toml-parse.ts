/**
 * TOML 1.0.0 documents. A parser of our own, since Nix needs all 64 bits of integers, dates as they are written and
 * strings as bytes.
 */
import { scanBareScalar, scanSingleLineString, scanString, type TomlDate } from "./toml-scalars.ts";
import { TomlScanner } from "./toml-scanner.ts";

export { TomlDate } from "./toml-scalars.ts";
export { TomlError } from "./toml-scanner.ts";

export type TomlValue = string | bigint | number | boolean | TomlDate | TomlTable | TomlValue[];

/**
 * How a table came into being, which decides what may still be added to it: `header`: its `[header]`; `implied`:
 * only as part of longer headers, its own may follow; `dotted`: by dotted keys, in the same section; `inline`: `{ }`.
 */
type TableOrigin = "header" | "implied" | "dotted" | "inline";

export class TomlTable {
  readonly entries = new Map<string, TomlValue>();
  origin: TableOrigin;
  constructor(origin: TableOrigin) {
    this.origin = origin;
  }
}

/** Parses a byte string. Throws TomlError. */
export function parseToml(text: string): TomlTable {
  return new TomlParser(text).parse();
}

class TomlParser {
  private readonly scanner: TomlScanner;
  private readonly root = new TomlTable("header");
  /** Arrays that `[[header]]`s made, and thus may extend. */
  private readonly tableArrays = new WeakSet<TomlValue[]>();
  /** Tables made by dotted keys of the current section. */
  private sectionTables = new WeakSet<TomlTable>();

  constructor(text: string) {
    this.scanner = new TomlScanner(text);
  }

  parse(): TomlTable {
    const { scanner } = this;
    let section = this.root;
    for (;;) {
      scanner.skipFiller();
      if (scanner.atEnd) return this.root;
      if (scanner.next === "[") {
        section = scanner.accept("[[") ? this.arrayHeader() : this.header();
        this.sectionTables = new WeakSet();
      } else {
        this.pair(section);
      }
      scanner.skipBlanks();
      scanner.skipComment();
      if (!scanner.atEnd && !scanner.acceptNewline()) scanner.fail("expected the end of the line");
    }
  }

  private header(): TomlTable {
    const { scanner } = this;
    scanner.at++;
    const start = scanner.at;
    const path = this.keyPath();
    scanner.expect("]", "']'");
    const parent = this.parentOf(path, start);
    const name = path.at(-1)!;
    const existing = parent.entries.get(name);
    if (existing === undefined) {
      const table = new TomlTable("header");
      parent.entries.set(name, table);
      return table;
    }
    if (!(existing instanceof TomlTable) || existing.origin !== "implied") {
      return scanner.fail(`'${path.join(".")}' is defined already`, start);
    }
    existing.origin = "header";
    return existing;
  }

  /** After `[[`. */
  private arrayHeader(): TomlTable {
    const { scanner } = this;
    const start = scanner.at;
    const path = this.keyPath();
    scanner.expect("]]", "']]'");
    const parent = this.parentOf(path, start);
    const name = path.at(-1)!;
    let array = parent.entries.get(name);
    if (array === undefined) {
      array = [];
      this.tableArrays.add(array);
      parent.entries.set(name, array);
    }
    if (!Array.isArray(array) || !this.tableArrays.has(array)) {
      return scanner.fail(`'${path.join(".")}' is not an array of tables`, start);
    }
    const table = new TomlTable("header");
    array.push(table);
    return table;
  }

  /** The table in which the last name of a header's path is; the last one of an array of tables. */
  private parentOf(path: readonly string[], start: number): TomlTable {
    let table = this.root;
    for (const name of path.slice(0, -1)) {
      let next = table.entries.get(name);
      if (next === undefined) {
        next = new TomlTable("implied");
        table.entries.set(name, next);
      } else if (Array.isArray(next) && this.tableArrays.has(next)) {
        next = next.at(-1)!;
      }
      if (!(next instanceof TomlTable) || next.origin === "inline") {
        return this.scanner.fail(`'${name}' is not a table that can be extended`, start);
      }
      table = next;
    }
    return table;
  }

  private pair(section: TomlTable): void {
    const { scanner } = this;
    const start = scanner.at;
    const path = this.keyPath();
    scanner.expect("=", "'='");
    scanner.skipBlanks();
    const value = this.value();
    let table = section;
    for (const name of path.slice(0, -1)) {
      const existing = table.entries.get(name);
      if (existing === undefined) {
        const made = new TomlTable("dotted");
        this.sectionTables.add(made);
        table.entries.set(name, made);
        table = made;
      } else if (existing instanceof TomlTable && this.sectionTables.has(existing)) {
        table = existing;
      } else {
        scanner.fail(`'${name}' is not a table that can be extended here`, start);
      }
    }
    const name = path.at(-1)!;
    if (table.entries.has(name)) scanner.fail(`'${path.join(".")}' is defined already`, start);
    table.entries.set(name, value);
  }

  /** Names with dots between them, and the blanks around. */
  private keyPath(): string[] {
    const { scanner } = this;
    const path: string[] = [];
    do {
      scanner.skipBlanks();
      path.push(this.keyName());
      scanner.skipBlanks();
    } while (scanner.accept("."));
    return path;
  }

  private keyName(): string {
    const { scanner } = this;
    if (scanner.next === '"' || scanner.next === "'") return scanSingleLineString(scanner);
    return scanner.match(/[A-Za-z0-9_-]+/y)?.[0] ?? scanner.fail("expected a key");
  }

  private value(): TomlValue {
    switch (this.scanner.next) {
      case '"':
      case "'":
        return scanString(this.scanner);
      case "[":
        return this.array();
      case "{":
        return this.inlineTable();
      default:
        return scanBareScalar(this.scanner);
    }
  }

  private array(): TomlValue[] {
    const { scanner } = this;
    scanner.at++;
    const elements: TomlValue[] = [];
    for (;;) {
      scanner.skipFiller();
      if (scanner.accept("]")) return elements;
      elements.push(this.value());
      scanner.skipFiller();
      if (scanner.accept(",")) continue;
      scanner.expect("]", "',' or ']'");
      return elements;
    }
  }

  private inlineTable(): TomlTable {
    const { scanner } = this;
    scanner.at++;
    const table = new TomlTable("inline");
    const outer = this.sectionTables;
    this.sectionTables = new WeakSet();
    scanner.skipBlanks();
    if (!scanner.accept("}")) {
      for (;;) {
        this.pair(table);
        scanner.skipBlanks();
        if (scanner.accept("}")) break;
        scanner.expect(",", "',' or '}'");
        scanner.skipBlanks();
      }
    }
    this.sectionTables = outer;
    freeze(table);
    return table;
  }
}

/** Nothing can be added to an inline table, nor to those that its dotted keys made. */
function freeze(table: TomlTable): void {
  table.origin = "inline";
  for (const value of table.entries.values()) if (value instanceof TomlTable) freeze(value);
}
