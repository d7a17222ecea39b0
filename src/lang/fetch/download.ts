/** Downloads, synchronously: an evaluation waits for what it fetches. */
import { spawnSync } from "node:child_process";
import { fromText, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";

/** Where there is no curl. Unlike curl it knows nothing of proxies. */
const nodeDownload = `
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
const [url, file] = process.argv.slice(1);
try {
  const response = await fetch(url);
  if (!response.ok) throw new Error("HTTP error " + response.status);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(file));
} catch (error) {
  process.stderr.write(error.cause?.message || error.cause?.code || error.message);
  process.exitCode = 1;
}`;

/**
 * Downloads from an `http:` or `https:` URL (a byte string) to a file, following redirections. curl does it where
 * it is installed, so that proxies and certificates are the user's; else Node. Fails with a StoreError.
 */
export function download(url: string, file: string, env: Readonly<Record<string, string | undefined>>): void {
  const address = toText(url);
  const curl = ["--fail", "--location", "--silent", "--show-error", "--proto", "=http,https"];
  const byCurl = run("curl", [...curl, "--output", file, "--", address], env);
  const failure =
    byCurl ?? run(process.execPath, ["--input-type=module", "-e", nodeDownload, address, file], env);
  if (failure === undefined || failure !== "") {
    throw new StoreError(`unable to download '${url}': ${fromText(failure ?? "cannot start Node")}`);
  }
}

/** What the command wrote to its standard error when it failed, empty when it did not; undefined: there is no such command. */
function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const result = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8", env });
  if (result.error !== undefined) return undefined;
  if (result.status === 0) return "";
  return result.stderr.trim() || `${command} ended with status ${result.status ?? result.signal}`;
}
