/** `environment.systemPackages`. */
import type { Attrs } from "../../../../lang/eval/value.ts";
import type { Reader } from "../../../reader.ts";

/** The packages that the machine must have before its system is activated: each once, in order. */
export function readPackages(reader: Reader, config: Attrs): string[] {
  const option = "environment.systemPackages";
  return [...new Set(reader.strings(reader.at(config, "environment", "systemPackages"), option))].sort();
}
