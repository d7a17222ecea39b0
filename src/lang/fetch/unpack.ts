/** Archives of any of the compressions that Nix unpacks, except zip. Paths are byte strings. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { fromBytes, fromText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import { withSystemErrors } from "../../store/system-error.ts";
import { extractTar } from "./tar.ts";

interface Compression {
  readonly name: string;
  /** The bytes that such a file begins with, as a byte string. */
  readonly magic: string;
  /** A filter from standard input to standard output; undefined: nothing unpacks it. */
  readonly command: readonly [program: string, ...args: string[]] | undefined;
}

const gunzip =
  'require("node:stream").pipeline(process.stdin, require("node:zlib").createGunzip(), process.stdout, ' +
  "(error) => { if (error) { console.error(error.message); process.exitCode = 1; } })";

const compressions: readonly Compression[] = [
  { name: "gzip", magic: "\x1f\x8b", command: [process.execPath, "-e", gunzip] },
  { name: "xz", magic: "\xfd7zXZ\0", command: ["xz", "-dc"] },
  { name: "bzip2", magic: "BZh", command: ["bzip2", "-dc"] },
  { name: "zstd", magic: "\x28\xb5\x2f\xfd", command: ["zstd", "-dcq"] },
  { name: "zip", magic: "PK\x03\x04", command: undefined },
];

/**
 * Unpacks an archive into a directory that doesn't exist yet; `scratch` is a file that may be overwritten.
 * `source` is what the archive is called in messages. Fails with a StoreError.
 */
export function unpack(archive: string, directory: string, scratch: string, source: string): void {
  const start = startOf(archive);
  const compression = compressions.find(({ magic }) => start.startsWith(magic));
  if (compression !== undefined) decompress(compression, archive, scratch, source);
  extractTar(compression === undefined ? archive : scratch, directory, source);
}

function decompress({ name, command }: Compression, archive: string, target: string, source: string): void {
  if (command === undefined)
    throw new StoreError(`cannot unpack '${source}': ${name} archives are not supported`);
  const input = openSync(fsPath(archive), "r");
  const output = openSync(fsPath(target), "w");
  try {
    const [program, ...args] = command;
    const result = spawnSync(program, args, { stdio: [input, output, "pipe"], encoding: "utf8" });
    if (result.error !== undefined) {
      const why = `it is compressed with ${name}, and the program '${program}' is not installed`;
      throw new StoreError(`cannot unpack '${source}': ${why}`, { cause: result.error });
    }
    if (result.status !== 0) {
      throw new StoreError(`cannot unpack '${source}': ${fromText(result.stderr.trim())}`);
    }
  } finally {
    closeSync(input);
    closeSync(output);
  }
}

function startOf(path: string): string {
  return withSystemErrors("opening file", path, () => {
    const file = openSync(fsPath(path), "r");
    try {
      const bytes = Buffer.alloc(8);
      return fromBytes(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)));
    } finally {
      closeSync(file);
    }
  });
}
