/** Carries out an evaluation request; all that runs in the worker thread. */

import { AttrPathError, parseAttrPath } from "../../fleet/attr-path.ts";
import { evaluateNodes } from "../../fleet/network/evaluate.ts";
import { Network } from "../../fleet/network/network.ts";
import { createSession, type Session } from "../../fleet/session.ts";
import { NixError } from "../../lang/eval/errors.ts";
import { printValue } from "../../lang/eval/print.ts";
import { type Attrs, force, type Slot } from "../../lang/eval/value.ts";
import { noPos } from "../../lang/syntax/positions.ts";
import { nearest } from "../../modules/nearest.ts";
import { fromText, toText } from "../../store/bytes.ts";
import type { EvaluationMessage, EvaluationRequest, EvaluationResult, ValueFormat } from "./protocol.ts";

export function runRequest(
  request: EvaluationRequest,
  env: Readonly<Record<string, string | undefined>>,
  send: (message: EvaluationMessage) => void,
): EvaluationResult {
  const session = createSession({
    env,
    onMessage: (kind, text) => send({ type: "message", kind, text: toText(text) }),
  });
  const network = new Network(session.evaluator, fromText(request.file));
  switch (request.kind) {
    case "network":
      return { kind: "network", network: evaluateNodes(network, session.host.objects, request.nodes) };
    case "value": {
      const slot = select(session, network.config, request.path);
      return { kind: "value", text: toText(format(session, slot, request.format)) };
    }
  }
}

function select({ evaluator }: Session, config: Attrs, path: string): Slot {
  let slot: Slot = config;
  const seen: string[] = [];
  for (const name of namesOf(path)) {
    const value = force(slot);
    const where = seen.length === 0 ? "the network" : `'${seen.join(".")}'`;
    if (Array.isArray(value)) {
      const element: Slot | undefined = /^[0-9]+$/.test(name) ? value[Number(name)] : undefined;
      if (element === undefined) {
        throw new NixError(
          "missingAttribute",
          `${where} is a list of ${value.length} elements and has no '${name}'`,
        );
      }
      slot = element;
    } else {
      const attrs: Attrs = evaluator.forceAttrs(value, noPos, where);
      const found = attrs.getByName(name);
      if (found === undefined) {
        const [near] = nearest(name, attrs.names());
        const hint = near === undefined ? "" : `; did you mean '${near}'?`;
        throw new NixError("missingAttribute", `${where} has no attribute '${name}'${hint}`);
      }
      slot = found;
    }
    seen.push(name);
  }
  return slot;
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
