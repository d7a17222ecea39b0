/** What a thread that evaluates is given. */
import { type MessagePort, workerData } from "node:worker_threads";

/** Code that V8 has compiled, as it gives it out (`vm.Script.createCachedData`). */
export interface Compiled {
  readonly code: Uint8Array;
  /** How many milliseconds the thread had run: the longer, the more of its functions are compiled. */
  readonly after: number;
}

export interface ThreadData {
  /** The file with the thread's program, a CommonJS module with a function `run`. */
  readonly program: string;
  readonly compiled: Compiled | undefined;
  /** Takes what is worth keeping of the thread's own compiled code; undefined: there is no place to keep it. */
  readonly compiledPort: MessagePort | undefined;
  /** For the program. */
  readonly input: unknown;
}

/** What the program of this thread was started with. */
export function threadInput<Input>(): Input {
  return (workerData as ThreadData).input as Input;
}
