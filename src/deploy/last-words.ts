import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";

/** Milliseconds for what an ended program has written to arrive, where something that it started holds its output open. */
const lastWords = 500;

type Heard = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

/** What has been started by the program, which has ended, is not listened to any longer than for its last words. */
export function hearLastWords(child: Heard): void {
  const timer = setTimeout(() => stopListening(child), lastWords);
  child.once("close", () => clearTimeout(timer));
}

export function stopListening({ stdout, stderr }: Heard): void {
  for (const stream of [stdout, stderr]) stream.destroy();
}
