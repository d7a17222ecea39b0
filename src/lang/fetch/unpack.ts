/** Archives of any of the kinds that Nix unpacks. Paths are byte strings. */
import { spawnSync } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { fromBytes, fromText, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";
import { fsPath } from "../../store/file-chunks.ts";
import { withSystemErrors } from "../../store/system-error.ts";
import { extractTar } from "./tar.ts";

interface Compression {
  readonly name: string;
  /** The bytes that such a file begins with, as a byte string. */
  readonly magic: string;
  /** A filter from standard input to standard output. */
  readonly command: readonly [program: string, ...args: string[]];
}

const gunzip =
  'require("node:stream").pipeline(process.stdin, require("node:zlib").createGunzip(), process.stdout, ' +
  "(error) => { if (error) { console.error(error.message); process.exitCode = 1; } })";

const compressions: readonly Compression[] = [
  { name: "gzip", magic: "\x1f\x8b", command: [process.execPath, "-e", gunzip] },
  { name: "xz", magic: "\xfd7zXZ\0", command: ["xz", "-dc"] },
  { name: "bzip2", magic: "BZh", command: ["bzip2", "-dc"] },
  { name: "zstd", magic: "\x28\xb5\x2f\xfd", command: ["zstd", "-dcq"] },
];

/**
 * Unpacks an archive into a directory that doesn't exist yet; `scratch` is a file that may be overwritten.
 * `source` is what the archive is called in messages. Returns when the newest entry was changed, in seconds since
 * the epoch. Fails with a StoreError.
 */
export function unpack(archive: string, directory: string, scratch: string, source: string): number {
  const start = startOf(archive);
  if (start.startsWith("PK\x03\x04")) return unzip(archive, directory, source);
  const compression = compressions.find(({ magic }) => start.startsWith(magic));
  if (compression !== undefined) decompress(compression, archive, scratch, source);
  return extractTar(compression === undefined ? archive : scratch, directory, source);
}

/** Status 1 of unzip means that it had warnings. */
function unzip(archive: string, directory: string, source: string): number {
  const result = spawnSync("unzip", ["-qq", "-d", toText(directory), toText(archive)], {
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    // Entries without a time zone are meant to be in that of whoever unpacks them.
    env: { ...process.env, TZ: "UTC" },
  });
  if (result.error !== undefined) {
    const why = "it is a zip archive, and the program 'unzip' is not installed";
    throw new StoreError(`cannot unpack '${source}': ${why}`, { cause: result.error });
  }
  if (result.status !== 0 && result.status !== 1) {
    throw new StoreError(`cannot unpack '${source}': ${fromText(result.stderr.trim())}`);
  }
  return Math.max(0, ...lastModifiedOf(directory));
}

function* lastModifiedOf(directory: string): Generator<number> {
  for (const name of readdirSync(fsPath(directory), "latin1")) {
    const path = `${directory}/${name}`;
    const stats = lstatSync(fsPath(path));
    yield Math.floor(stats.mtimeMs / 1000);
    if (stats.isDirectory()) yield* lastModifiedOf(path);
  }
}

function decompress({ name, command }: Compression, archive: string, target: string, source: string): void {
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
