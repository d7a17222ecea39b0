/** The Nix store of this machine: through the daemon's socket, or a `nix-daemon --stdio` of our own. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { finished } from "node:stream/promises";
import { started } from "../programs.ts";
import { DaemonDisconnected } from "./errors.ts";
import { type DaemonSettings, defaultSettings, parseSettings } from "./settings.ts";
import type { Transport } from "./transport.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** How this machine's store is reached. */
export type LocalStoreAccess =
  | { readonly type: "socket"; readonly path: string }
  | { readonly type: "program"; readonly path: string };

const defaultSocket = "/nix/var/nix/daemon-socket/socket";

/** Where Nix is that is not in PATH. */
const usualDirectories = ["/nix/var/nix/profiles/default/bin", "/run/current-system/sw/bin"];

/**
 * As Nix itself decides: NIX_REMOTE says it, or whoever may write to the store does so without the daemon, and others
 * go through it. undefined when there is no Nix here.
 */
export function localStoreAccess(env: Environment): LocalStoreAccess | undefined {
  const remote = env["NIX_REMOTE"] ?? "";
  const socket = env["NIX_DAEMON_SOCKET_PATH"] ?? defaultSocket;
  const program = findProgram("nix-daemon", env);
  const own = program === undefined ? undefined : ({ type: "program", path: program } as const);
  const daemon = exists(socket) ? ({ type: "socket", path: socket } as const) : undefined;
  if (remote.startsWith("unix://")) return { type: "socket", path: remote.slice("unix://".length) };
  if (remote === "daemon") return { type: "socket", path: socket };
  if (remote !== "" && remote !== "auto") return own;
  const stateDirectory = env["NIX_STATE_DIR"] ?? "/nix/var/nix";
  const writable = isWritable(stateDirectory) || (daemon === undefined && !exists(stateDirectory));
  return writable ? (own ?? daemon) : (daemon ?? own);
}

/**
 * Opens a way to it. Fails with a DaemonDisconnected when the program can't be started; what else goes wrong shows when it
 * is used.
 */
export async function openLocal(access: LocalStoreAccess, env: Environment): Promise<Transport> {
  return access.type === "socket" ? openSocket(access.path) : await openChild(access.path, env);
}

/** The settings of this machine's Nix; the defaults where they can't be learnt. */
export async function localSettings(env: Environment): Promise<DaemonSettings> {
  const program = findProgram("nix", env);
  if (program === undefined) return defaultSettings;
  const args = ["--extra-experimental-features", "nix-command", "show-config"];
  let text = "";
  try {
    const child = await started(program, () =>
      spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] }),
    );
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    await finished(child.stdout);
  } catch {
    // The defaults, then, or what it has said before.
  }
  return parseSettings(text);
}

function openSocket(path: string): Transport {
  const socket = connect(path);
  let failure: Error | undefined;
  socket.once("error", (cause) => {
    failure = new DaemonDisconnected(`the Nix daemon's socket ${path}: ${cause.message}`, { cause });
  });
  return {
    input: socket,
    output: socket,
    failure: async () => failure,
    close: async () => {
      socket.destroy();
    },
  };
}

/** So many bytes of what it complains about are kept. */
const keptComplaints = 4096;

async function openChild(program: string, env: Environment): Promise<Transport> {
  const child = await startDaemon(program, env);
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-keptComplaints);
  });
  const exited = new Promise<Error | undefined>((resolve) => {
    child.once("close", () => {
      const said = complaints.trim();
      resolve(said === "" ? undefined : new DaemonDisconnected(said));
    });
  });
  return {
    input: child.stdout,
    output: child.stdin,
    failure: () => exited,
    close: () => end(child, exited),
  };
}

async function startDaemon(program: string, env: Environment): Promise<ChildProcessWithoutNullStreams> {
  try {
    return await started(program, () => spawn(program, ["--stdio"], { env, stdio: "pipe" }));
  } catch (cause) {
    throw new DaemonDisconnected((cause as Error).message, { cause });
  }
}

/** Its input ends, which is how it learns that nobody needs it; a build that goes on is ended with it. */
async function end(child: ChildProcessWithoutNullStreams, exited: Promise<unknown>): Promise<void> {
  child.stdin.destroy();
  child.stdout.destroy();
  const killer = setTimeout(() => child.kill("SIGTERM"), 2000);
  await exited;
  clearTimeout(killer);
}

function findProgram(name: string, env: Environment): string | undefined {
  const directories = [...(env["PATH"] ?? "").split(delimiter), ...usualDirectories];
  if (env["HOME"]) directories.push(join(env["HOME"], ".nix-profile/bin"));
  return directories
    .filter((directory) => directory !== "")
    .map((directory) => join(directory, name))
    .find((path) => isAccessible(path, constants.X_OK) && statSync(path).isFile());
}

function exists(path: string): boolean {
  return isAccessible(path, constants.F_OK);
}

function isWritable(path: string): boolean {
  return isAccessible(path, constants.W_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
