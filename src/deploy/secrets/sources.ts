/**
 * Reads secrets from where they come. What is read stays in memory: no message says any of it, and output of programs is
 * never passed on, since it may be the secret.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { longestSecret, type SecretSource } from "../../fleet/modules/secrets/secret.ts";
import { run, StartError } from "../../store/programs.ts";
import { decrypt } from "./age/age.ts";
import type { Identities } from "./age/identities.ts";
import { SecretError } from "./errors.ts";

export interface SourceContext {
  /** Where variables that are secrets are read. Programs get the environment of the process, which may have them no more. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loaded when the first encrypted source is read. */
  readonly identities: () => Identities;
}

/** The bytes of a secret; the message of the {@link SecretError} does not name the secret. */
export async function readSource(source: SecretSource, context: SourceContext): Promise<Uint8Array> {
  switch (source.type) {
    case "file":
      return await readFileOf(source.path, longestSecret);
    case "command":
      return await runProgram(source.command, source.directory);
    case "environment": {
      const value = context.env[source.variable];
      if (value === undefined)
        throw new SecretError(`the environment variable ${source.variable} is not set`);
      return Buffer.from(value);
    }
    case "age":
      return await readAge(source.path, context);
    case "sops": {
      const extract = source.key === null ? [] : ["--extract", source.key];
      const command = ["sops", "--decrypt", ...extract, expandHome(source.path)];
      return await runProgram(command);
    }
    case "generated":
      return await readAge(source.path, context, "; run 'nixus secrets generate'");
  }
}

/** How a source is called in lists. */
export function describeSource(source: SecretSource): string {
  switch (source.type) {
    case "file":
      return `file ${source.path}`;
    case "command":
      return `command ${source.command.join(" ")}`;
    case "environment":
      return `environment variable ${source.variable}`;
    case "age":
      return `age file ${source.path}`;
    case "sops":
      return `sops file ${source.path}`;
    case "generated":
      return `generated (${source.generator.type})`;
  }
}

/** An encrypted file is somewhat longer than what is in it: armor, and a line for each recipient. */
const longestEncrypted = 2 * longestSecret;

async function readAge(path: string, context: SourceContext, hint = ""): Promise<Uint8Array> {
  const encrypted = await readFileOf(path, longestEncrypted, hint);
  return await decrypt(encrypted, context.identities(), `'${path}'`);
}

async function readFileOf(path: string, longest: number, hint = ""): Promise<Uint8Array> {
  const expanded = expandHome(path);
  try {
    // A pipe that nobody writes to must not keep us waiting.
    await using file = await open(expanded, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (stats.isDirectory()) throw new SecretError(`'${path}' is a directory`);
    if (!stats.isFile()) throw new SecretError(`'${path}' is no ordinary file`);
    if (stats.size > longest) throw new SecretError(isTooLong(stats.size));
    return await file.readFile();
  } catch (error) {
    if (error instanceof SecretError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new SecretError(`the file '${path}' does not exist${hint}`);
    if (code === "EACCES") throw new SecretError(`the file '${path}' cannot be read: no permission`);
    throw new SecretError(`the file '${path}' cannot be read: ${message}`);
  }
}

function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/**
 * Without a shell; programs that ask for a passphrase do so at the terminal themselves (gpg's pinentry, op). What they
 * say is not shown: it could be the secret.
 */
async function runProgram(
  [program = "", ...args]: readonly string[],
  directory?: string,
): Promise<Uint8Array> {
  const options = {
    ...(directory === undefined ? {} : { cwd: directory }),
    quiet: true,
    longest: longestSecret,
  };
  const { exitCode, signal, tooLong, stdout } = await run(program, args, options).catch((error: unknown) => {
    if (!(error instanceof StartError)) throw error;
    throw new SecretError(error.absent ? `the program '${program}' is not there; install it` : error.message);
  });
  const command = [program, ...args].join(" ");
  if (tooLong) throw new SecretError(`the command '${command}' prints more than ${limitText}`);
  if (exitCode !== 0) {
    const how = exitCode === null ? `was ended by ${signal ?? "something"}` : `ended with status ${exitCode}`;
    throw new SecretError(`the command '${command}' ${how}; run it by hand to see why`);
  }
  if (stdout.length === 0) throw new SecretError(`the command '${command}' prints nothing`);
  return stdout;
}

const limitText = `${longestSecret / 1024 / 1024} MiB, the most that a secret may have`;

function isTooLong(size: number): string {
  return `it has ${(size / 1024 / 1024).toFixed(1)} MiB; a secret may have ${longestSecret / 1024 / 1024} MiB at most`;
}

/** Why this can't be the secret; undefined when it can. Says nothing about the content but what kind it is. */
export function contentProblem(content: Uint8Array, binary: boolean): string | undefined {
  if (content.length === 0) return "it is empty";
  if (content.length > longestSecret) return isTooLong(content.length);
  if (binary) return undefined;
  if (isUtf8Text(content)) {
    return Buffer.from(content).toString("utf8").trim() === ""
      ? "it has nothing but white space in it"
      : undefined;
  }
  return "it is not text in UTF-8; if it is meant to be binary, set 'binary' to true";
}

function isUtf8Text(content: Uint8Array): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}
