/** Carries out an evaluation request; all that runs in the worker thread. */

import { AttrPathError, parseAttrPath } from "../../fleet/attr-path.ts";
import { sshGraph } from "../../fleet/modules/ssh/graph.ts";
import { assignmentsOf } from "../../fleet/network/assign.ts";
import { evaluateNodes, evaluateSecretsOnly } from "../../fleet/network/evaluate.ts";
import { explainValue } from "../../fleet/network/explain.ts";
import { Network } from "../../fleet/network/network.ts";
import { documentOptions } from "../../fleet/network/reference.ts";
import { evaluateSettings } from "../../fleet/network/settings.ts";
import { sshHostOf } from "../../fleet/network/ssh-host.ts";
import { createSession, type Session } from "../../fleet/session.ts";
import { valueAt } from "../../fleet/value-at.ts";
import { NixError } from "../../lang/eval/errors.ts";
import { printValue } from "../../lang/eval/print.ts";
import { showError } from "../../lang/eval/show-error.ts";
import type { Slot } from "../../lang/eval/value.ts";
import type { NodeHost } from "../../lang/node-host.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { fromText, toText } from "../../store/bytes.ts";
import { type Known, nothingKnown, Parts } from "./kept.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult, ValueFormat } from "./protocol.ts";

export function runRequest(
  request: EvaluationRequest,
  env: Readonly<Record<string, string | undefined>>,
  send: (message: EvaluationMessage) => void,
): EvaluationResult {
  return runRecorded(request, { env, send }).result;
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly send: (message: EvaluationMessage) => void;
  readonly showTrace?: boolean;
  /** Called where what a node's evaluation has made is no longer needed. */
  readonly afterNode?: () => unknown;
  /** What an earlier evaluation has found, and is still so. */
  readonly known?: Known;
}

/** As {@link runRequest}, and what it read. */
export function runRecorded(
  request: EvaluationRequest,
  options: RunOptions,
): { readonly result: EvaluationResult; readonly host: NodeHost; readonly parts: Parts } {
  const { env, send } = options;
  const session = createSession({
    env,
    onMessage: (kind, text) => send({ type: "message", kind, text: toText(text) }),
  });
  const parts = new Parts(session.host.reads);
  const result = resultOf(request, session, parts, options);
  parts.end(null);
  return { result, host: session.host, parts };
}

function resultOf(
  request: EvaluationRequest,
  session: Session,
  parts: Parts,
  { showTrace = false, afterNode = () => {}, known = nothingKnown }: RunOptions,
): EvaluationResult {
  const lock = request.kind === "network" ? request.lock : undefined;
  const network = new Network(session.evaluator, fromText(request.file), { lock });
  switch (request.kind) {
    case "network":
      network.secrets.acceptsUnlocked = request.acceptsUnlockedSecrets ?? false;
      return {
        kind: "network",
        network: evaluateNodes(network, session.host, {
          words: request.nodes ?? [],
          known: known.parts.flatMap(({ node }) => (node === null ? [] : [node])),
          order: known.order,
          afterPart: (node) => {
            parts.end(node);
            afterNode();
          },
          showFailure: (error) => toText(showError(error, { showTrace })),
        }),
      };
    case "secrets":
      network.secrets.acceptsUnlocked = true;
      return { kind: "secrets", secrets: evaluateSecretsOnly(network) };
    case "settings":
      return { kind: "settings", nodes: evaluateSettings(network, request.nodes) };
    case "value": {
      const slot = valueAt(session.evaluator, network.config, namesOf(request.path));
      return { kind: "value", text: toText(format(session, slot, request.format)) };
    }
    case "explain":
      return { kind: "explain", explanation: explainValue(network, namesOf(request.path)) };
    case "options":
      return { kind: "options", options: documentOptions(network) };
    case "lock":
      return { kind: "lock", assignments: assignmentsOf(network) };
    case "ssh-host":
      return { kind: "ssh-host", sshHost: sshHostOf(network, request.node) };
    case "ssh-graph": {
      const { nodes, ssh } = network.view;
      return { kind: "ssh-graph", graph: sshGraph(ssh.access, Object.keys(nodes)) };
    }
  }
}

function namesOf(path: string): readonly string[] {
  try {
    return parseAttrPath(fromText(path));
  } catch (error) {
    if (error instanceof AttrPathError) throw new NixError("eval", error.message, { cause: error });
    throw error;
  }
}

function format({ evaluator }: Session, slot: Slot, valueFormat: ValueFormat): string {
  switch (valueFormat) {
    case "nix":
      return printValue(evaluator.deepForce(slot));
    case "json": {
      const json = evaluator.call(evaluator.builtins.getByName("toJSON")!, slot);
      return evaluator.forceString(json, noPos, "the JSON", new Set());
    }
  }
}
