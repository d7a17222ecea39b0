#!/usr/bin/env node
import { formatFailure } from "./failure.ts";
import { surviveOutputErrors } from "./output-errors.ts";
import { ownFlagCommands } from "./own-flags.ts";

surviveOutputErrors(process);
const [name, ...words] = process.argv.slice(2);
const command = ownFlagCommands.get(name);
if (command === undefined) {
  const { runApp } = await import("./app.ts");
  await runApp(process);
} else {
  try {
    const run = await command();
    await run.call({ process }, {}, ...words);
  } catch (error) {
    process.stderr.write(`${formatFailure(error)}\n`);
    process.exitCode = 1;
  }
}
