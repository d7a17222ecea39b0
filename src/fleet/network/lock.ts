/** `nixus.lock` as an evaluation sees it: read when a module asks, through the host, which records it. */
import { NixError } from "../../lang/eval/errors.ts";
import type { EvalHost } from "../../lang/host.ts";
import { resolveSymlinks } from "../../lang/symlinks.ts";
import { fromBytes, fromText, toText } from "../../store/bytes.ts";
import { LockFile, LockFileError, type LockSection, lockFileName } from "../lock-file.ts";

export class NetworkLock {
  private readonly host: EvalHost;
  /** A byte string. */
  private readonly path: string;
  private file: LockFile | undefined;
  /** What it would say, instead of what the file says. */
  readonly text: string | undefined;

  /** `networkFile`: absolute (a byte string). */
  constructor(host: EvalHost, networkFile: string, text?: string) {
    this.host = host;
    this.text = text;
    this.path = `${networkFile.slice(0, networkFile.lastIndexOf("/"))}/${lockFileName}`;
  }

  /** A module's part; what that is without an entry, its `empty` says. */
  get<T>(section: LockSection<T>): T {
    try {
      this.file ??= this.read();
      return this.file.get(section);
    } catch (error) {
      if (error instanceof LockFileError) {
        throw new NixError("module", fromText(error.message), { cause: error });
      }
      throw error;
    }
  }

  private read(): LockFile {
    if (this.text !== undefined) return LockFile.parse(toText(this.path), this.text);
    const path = resolveSymlinks(this.host, this.path, "full");
    if (this.host.fileType(path) === undefined) return LockFile.empty(toText(this.path));
    return LockFile.parse(toText(this.path), toText(fromBytes(this.host.readFile(path))));
  }
}
