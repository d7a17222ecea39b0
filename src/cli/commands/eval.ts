import { evaluate } from "../evaluation/client.ts";
import * as text from "../text.ts";
import { commandOnValue } from "./value-command.ts";

export const evalCommand = commandOnValue(text.evaluate, async ({ file, path, json }, options) => {
  const format = json ? "json" : "nix";
  return (await evaluate({ kind: "value", file, path, format }, options)).text;
});
