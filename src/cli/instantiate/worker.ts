/** The thread that evaluates for `nixus nix-instantiate`. It has no part of networks or of deployments. */
import { parentPort } from "node:worker_threads";
import { showsTrace } from "../arguments/evaluation.ts";
import { renderFailure } from "../evaluation/failure.ts";
import { threadInput } from "../evaluation/thread-data.ts";
import type { InstantiateInput, InstantiateMessage } from "./protocol.ts";
import { instantiate } from "./run.ts";

function send(message: InstantiateMessage): void {
  parentPort!.postMessage(message);
}

export async function run(): Promise<void> {
  const { invocation } = threadInput<InstantiateInput>();
  try {
    await instantiate(invocation, {
      env: process.env,
      workingDirectory: process.cwd(),
      onMessage: (kind, text) => send({ type: "message", kind, text }),
      write: (text) => send({ type: "output", text }),
    });
  } catch (error) {
    send({ type: "error", text: renderFailure(error, showsTrace(invocation.evaluation)) });
  }
}
