/** Reading TOML text byte by byte, with errors that show where. */
import { firstIllFormedByte } from "./utf8.ts";

/** Not TOML 1.0.0; the message is a byte string that shows the line. */
export class TomlError extends Error {
  override readonly name = "TomlError";
}

export class TomlScanner {
  readonly text: string;
  at = 0;

  /** The text of the document, a byte string. Fails when it is not UTF-8. */
  constructor(text: string) {
    this.text = text;
    const wrong = firstIllFormedByte(text);
    if (wrong !== undefined) this.fail("the text is not UTF-8", wrong);
    if (text.startsWith("\xef\xbb\xbf")) this.at = 3;
  }

  /** The byte here; undefined at the end. */
  get next(): string | undefined {
    return this.text[this.at];
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  startsWith(prefix: string): boolean {
    return this.text.startsWith(prefix, this.at);
  }

  /** Takes the text when it is here. */
  accept(text: string): boolean {
    if (!this.startsWith(text)) return false;
    this.at += text.length;
    return true;
  }

  expect(text: string, what: string): void {
    if (!this.accept(text)) this.fail(`expected ${what}`);
  }

  /** Takes what the expression (which must be sticky) matches here. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }

  skipBlanks(): void {
    while (this.next === " " || this.next === "\t") this.at++;
  }

  acceptNewline(): boolean {
    return this.accept("\n") || this.accept("\r\n");
  }

  /** Takes a comment up to the end of its line, if one is here. */
  skipComment(): void {
    if (!this.accept("#")) return;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: TOML excludes control characters from comments
    this.match(/[^\x00-\x08\x0a-\x1f\x7f]*/y);
    if (!this.atEnd && !this.startsWith("\n") && !this.startsWith("\r\n")) {
      this.fail("a control character is not allowed in a comment");
    }
  }

  /** Blanks, newlines and comments: what may stand between the elements of an array. */
  skipFiller(): void {
    do {
      this.skipBlanks();
      this.skipComment();
    } while (this.acceptNewline());
  }

  fail(message: string, at = this.at): never {
    const before = this.text.slice(0, at);
    const lineNumber = before.split("\n").length;
    const lineStart = before.lastIndexOf("\n") + 1;
    const lineEnd = this.text.indexOf("\n", at);
    const line = this.text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd).trimEnd();
    const margin = " ".repeat(String(lineNumber).length);
    throw new TomlError(
      [
        `[error] ${message}`,
        " --> fromTOML",
        ` ${margin} |`,
        ` ${lineNumber} | ${line}`,
        ` ${margin} | ${" ".repeat(at - lineStart)}^-- here`,
      ].join("\n"),
    );
  }
}
