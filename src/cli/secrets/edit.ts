/** Opens an encrypted secret in the editor; in between it is in memory, in a file that nobody else can read. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { started } from "../../store/programs.ts";
import { UserError } from "../errors.ts";

/** Type of a file system in memory (statfs(2)). */
const tmpfsMagic = 0x01021994;

/** What the editor left; undefined when it changed nothing. */
export async function editContent(
  content: Uint8Array,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array | undefined> {
  const directory = mkdtempSync(join(privateParent(), "nixus-"));
  const file = join(directory, basename(name));
  const remove = () => {
    if (existsSync(file)) writeFileSync(file, Buffer.alloc(statSync(file).size), { flag: "r+" });
    rmSync(directory, { recursive: true, force: true });
  };
  const stop = removeWhenEnded(remove);
  try {
    writeFileSync(file, content, { mode: 0o600, flag: "wx" });
    await runEditor(file, env);
    const after = readFileSync(file);
    return after.equals(content) ? undefined : after;
  } finally {
    remove();
    stop();
  }
}

/** While the editor runs. An interrupt of the terminal is for the editor, which gets it as well. */
function removeWhenEnded(remove: () => void): () => void {
  const interrupts = ["SIGINT", "SIGQUIT"] as const;
  const ends = ["SIGHUP", "SIGTERM"] as const;
  const ignore = () => {};
  const end = (signal: NodeJS.Signals) => {
    remove();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of interrupts) process.on(signal, ignore);
  for (const signal of ends) process.on(signal, end);
  return () => {
    for (const signal of interrupts) process.off(signal, ignore);
    for (const signal of ends) process.off(signal, end);
  };
}

async function runEditor(file: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const editor = env["VISUAL"] || env["EDITOR"] || "vi";
  // As git does it: the variable may have arguments in it.
  const child = await started("/bin/sh", () =>
    spawn("/bin/sh", ["-c", `${editor} "$@"`, editor, file], { stdio: "inherit" }),
  ).catch((cause: unknown) => {
    throw new UserError(`${(cause as Error).message}; nothing was changed`, { cause });
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (exitCode !== 0) throw new UserError(`the editor '${editor}' failed; nothing was changed`);
}

function privateParent(): string {
  for (const directory of [process.env["XDG_RUNTIME_DIR"], "/dev/shm"]) {
    if (directory && existsSync(directory) && statfsSync(directory).type === tmpfsMagic) return directory;
  }
  return tmpdir();
}
