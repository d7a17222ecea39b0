/** Stores in which systems are built and from which they are copied. */
import { DaemonDisconnected } from "../../store/daemon/errors.ts";
import {
  type Environment,
  type LocalStoreAccess,
  localSettings,
  openLocal,
} from "../../store/daemon/local.ts";
import type { DaemonMessage } from "../../store/daemon/messages.ts";
import { DaemonStore } from "../../store/daemon/store.ts";
import type { Transport } from "../../store/daemon/transport.ts";
import { NodeError } from "../errors.ts";
import type { Connection } from "../ssh/connection.ts";
import { destinationProblem, hostOf } from "../ssh/destination.ts";
import { noteArriving } from "./arriving.ts";
import { type OpenStore, openStore } from "./open-store.ts";

export interface StorePlace {
  /** For people and events: `local`, or a host's name. */
  readonly name: string;
  /** A new connection to the store. Fails with a NodeError that names the place, or the reason of an interrupt. */
  open(onMessage: (message: DaemonMessage) => void): Promise<OpenStore>;
  /** Takes note of store paths that are about to come there, of which a power cut may leave half. */
  note(paths: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** When the signal aborts, its connections end, and the builds that were asked for over them. */
export function localPlace(access: LocalStoreAccess, env: Environment, signal: AbortSignal): StorePlace {
  return {
    name: "local",
    open: async (onMessage) => {
      try {
        signal.throwIfAborted();
        // First, as nothing has to be closed yet.
        const settings = await localSettings(env);
        signal.throwIfAborted();
        const transport = endedBy(signal, await openLocal(access, env));
        return { store: await DaemonStore.open(transport, onMessage), settings };
      } catch (cause) {
        signal.throwIfAborted();
        throw new NodeError(`the Nix of this machine can't be used: ${messageOf(cause)}`, { cause });
      }
    },
    // This machine's store is its owner's business, and so is a builder's.
    note: async () => {},
    close: async () => {},
  };
}

function endedBy(signal: AbortSignal, transport: Transport): Transport {
  const end = () => void transport.close();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  return {
    ...transport,
    failure: async () =>
      signal.aborted && signal.reason instanceof Error ? signal.reason : await transport.failure(),
    close: async () => {
      signal.removeEventListener("abort", end);
      await transport.close();
    },
  };
}

/** A machine that only builds, as its own user: whoever builds there need not be root. */
export function builderPlace(
  destination: string,
  connection: Connection,
  script: string,
  signal: AbortSignal,
): StorePlace {
  const name = hostOf(destination);
  return {
    name,
    open: async (onMessage) => {
      const problem = destinationProblem(destination);
      if (problem !== undefined) throw new NodeError(problem.replace("host", "buildOn"));
      try {
        return await openStore(await connection.stream(script, signal), onMessage);
      } catch (cause) {
        signal.throwIfAborted();
        throw new NodeError(`the builder ${name} can't be used: ${messageOf(cause)}`, { cause });
      }
    },
    note: async () => {},
    close: () => connection.close(),
  };
}

/** The machine that is deployed, by deployment `id`. */
export function targetPlace(
  host: string,
  connection: Connection,
  script: string,
  id: string,
  signal: AbortSignal,
): StorePlace {
  return {
    name: hostOf(host),
    open: async (onMessage) => {
      try {
        return await openStore(await connection.stream(script, signal), onMessage);
      } catch (cause) {
        signal.throwIfAborted();
        const known = cause instanceof DaemonDisconnected ? cause.cause : cause;
        if (known instanceof NodeError) throw known;
        throw new NodeError(`its Nix store can't be used: ${messageOf(cause)}`, { cause });
      }
    },
    note: (paths) => noteArriving(connection, id, paths, signal),
    // The connection is that of the whole deployment.
    close: async () => {},
  };
}

function messageOf(error: unknown): string {
  if (error instanceof DaemonDisconnected && error.cause instanceof Error) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}
