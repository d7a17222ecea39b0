/** Evaluations by `nix-instantiate`, Nix's or ours, each in a process of its own so that memory goes back. */
import { execa } from "execa";
import { toBytes } from "../../../src/store/bytes.ts";
import { type Command, nix, nixus } from "./settings.ts";

export interface Outcome {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * @param input the standard input, a byte string
 * @param cwd what relative paths in it start from
 */
export async function instantiate(
  [program, ...first]: Command,
  args: readonly string[],
  input = "",
  cwd = process.cwd(),
): Promise<Outcome> {
  const { exitCode, stdout, stderr, failed, message } = await execa(program, [...first, ...args], {
    reject: false,
    input: toBytes(input),
    cwd,
    // The same bytes whatever the encoding of what is printed.
    encoding: "latin1",
    // Evaluations of nixpkgs warn a lot.
    maxBuffer: 1 << 28,
  });
  // Ended by a signal, or not even started: nothing that an expression may cause.
  if (exitCode === undefined || exitCode > 1) throw new Error(`${program}: ${message}\n${stderr}`);
  return { succeeded: !failed, stdout, stderr };
}

/** The same evaluation by both at the same time. */
export async function both(args: readonly string[]): Promise<{ theirs: Outcome; ours: Outcome }> {
  const [theirs, ours] = await Promise.all([instantiate(nix, args), instantiate(nixus, args)]);
  return { theirs, ours };
}

/** The version of the Nix to compare with, `[2, 34]`; undefined when there is none. */
export async function nixVersion(): Promise<readonly [number, number] | undefined> {
  const [program, ...first] = nix;
  const { stdout } = await execa(program, [...first, "--version"], { reject: false });
  const match = /(\d+)\.(\d+)/.exec(stdout ?? "");
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}
