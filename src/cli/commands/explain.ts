import { evaluate } from "../evaluation/client.ts";
import { renderExplanation } from "../render/explanation.ts";
import * as text from "../text.ts";
import { commandOnValue } from "./value-command.ts";

export const explainCommand = commandOnValue(text.explain, async ({ file, path, json }, options) => {
  const { explanation } = await evaluate({ kind: "explain", file, path }, options);
  return json ? JSON.stringify(explanation, null, 2) : renderExplanation(explanation);
});
