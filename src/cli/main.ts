#!/usr/bin/env node
import { formatFailure } from "./failure.ts";
import { surviveOutputErrors } from "./output-errors.ts";
import { ownFlagCommands } from "./own-flags.ts";

surviveOutputErrors(process);
const given = process.argv.slice(2);
// As many programs have it: `nixus help COMMAND`.
const all = given[0] === "help" ? [...given.slice(1), "--help"] : given;
const [name, ...words] = all;
const command = ownFlagCommands.get(name);
if (command === undefined) {
  const { runApp } = await import("./app.ts");
  await runApp(process, all);
} else {
  try {
    const run = await command();
    await run.call({ process }, {}, ...words);
  } catch (error) {
    process.stderr.write(`${formatFailure(error)}\n`);
    process.exitCode = 1;
  }
}
