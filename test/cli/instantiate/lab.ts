/** `nixus nix-instantiate` in this process: what it prints, says and fails with. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { showsTrace } from "../../../src/cli/arguments/evaluation.ts";
import { renderFailure } from "../../../src/cli/evaluation/failure.ts";
import { parseInvocation } from "../../../src/cli/instantiate/flags.ts";
import { instantiate } from "../../../src/cli/instantiate/run.ts";
import { toText } from "../../../src/store/bytes.ts";

export interface Ran {
  readonly stdout: string;
  readonly messages: readonly string[];
  readonly error: string | undefined;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** Without an environment there is no PATH, and so no Nix. */
export async function run(
  args: readonly string[],
  { env = {}, directory = "/" }: RunOptions = {},
): Promise<Ran> {
  const environment = { PATH: "", NIX_PATH: "", NIX_CONF_DIR: "/nonexistent", XDG_CONFIG_DIRS: "", ...env };
  const invocation = parseInvocation(args, environment);
  let stdout = "";
  const messages: string[] = [];
  let error: string | undefined;
  try {
    await instantiate(invocation, {
      env: environment,
      workingDirectory: directory,
      onMessage: (kind, text) => messages.push(`${kind}: ${toText(text)}`),
      write: (text) => {
        stdout += toText(text);
      },
    });
  } catch (failure) {
    error = toText(renderFailure(failure, showsTrace(invocation.evaluation)));
  }
  return { stdout, messages, error };
}

/** A directory with these files while `use` runs. */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  use: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "nixus-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(directory, name), text, { mode: 0o755 });
    }
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
