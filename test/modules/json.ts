import { toText } from "../../src/store/bytes.ts";
import type { ModulesLab } from "./lab.ts";

/** The value of an expression as plain data. */
export function printJson(lab: ModulesLab, expression: string): unknown {
  const json = lab.eval(`builtins.toJSON (${expression})`);
  if (typeof json !== "string") throw new Error("toJSON gave no plain string");
  return JSON.parse(toText(json));
}
