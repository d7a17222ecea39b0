import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";
import type { EvaluatedNetwork } from "../../src/fleet/evaluated.ts";
import { Network } from "../../src/fleet/network/network.ts";
import { createSession, type Session } from "../../src/fleet/session.ts";
import { NixError } from "../../src/lang/eval/errors.ts";
import { fromText, toText } from "../../src/store/bytes.ts";

/** Writes these files into a directory of the test's own; returns the path of `default.nix` in it. */
export function networkFile(files: string | Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "nixus-network-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(typeof files === "string" ? { "default.nix": files } : files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return join(directory, "default.nix");
}

/** The network that these files describe, not evaluated yet. */
export function networkOf(files: string | Readonly<Record<string, string>>): Session & { network: Network } {
  const session = createSession({ env: {}, onMessage: () => {} });
  return { ...session, network: new Network(session.evaluator, fromText(networkFile(files))) };
}

/** A value of the network, as `nixus eval --json` gives it. */
export function optionValue(files: string | Readonly<Record<string, string>>, path: string): unknown {
  const result = runRequest({ kind: "value", file: networkFile(files), path, format: "json" }, {}, () => {});
  if (result.kind !== "value") throw new Error("not a value");
  return JSON.parse(result.text);
}

/** All nodes, as `nixus deploy` gets them; the first failure is thrown. */
export function deploymentOf(
  files: string | Readonly<Record<string, string>>,
  nodes?: readonly string[],
): EvaluatedNetwork {
  const network = evaluationOf(files, nodes);
  const [failure] = network.failures;
  if (failure !== undefined)
    throw new NixError(
      "module",
      fromText(failure.message.replace(/^error: /, "").replaceAll("\n       ", "\n")),
    );
  return network;
}

/** The same with failures of single nodes as part of it. */
export function evaluationOf(
  files: string | Readonly<Record<string, string>>,
  nodes?: readonly string[],
): EvaluatedNetwork {
  const result = runRequest({ kind: "network", file: networkFile(files), nodes }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  return result.network;
}

/** The message of the evaluation error that the action ends with. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof NixError) return toText(error.message);
    throw error;
  }
  throw new Error("expected an evaluation error");
}
