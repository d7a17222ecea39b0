/** A way to a process that speaks the worker protocol: a socket, a child, or a command on another machine. */
import type { Readable, Writable } from "node:stream";

export interface Transport {
  /** What the store says. */
  readonly input: Readable;
  /** What the store is told. */
  readonly output: Writable;
  /** After one of the two has ended: why, where that is known. */
  failure(): Promise<Error | undefined>;
  /** Ends it. Never fails. */
  close(): Promise<void>;
}
