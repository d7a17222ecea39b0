// `npm run lab [NAME...]`: starts test machines and a shell of the deployer among them, e.g. to try
// `ssh foo.example.com` or `nixus deploy` by hand. They are gone when the shell ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { project } from "./setup/project.mjs";
import { SetupError } from "./setup/step.mjs";
import { setUpMachines, setUpProgram } from "./setup.mjs";

const names = process.argv.length > 2 ? process.argv.slice(2) : ["foo.example.com"];
try {
  await setUpProgram();
  const problem = await setUpMachines();
  if (problem !== undefined) throw new SetupError(problem);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}

const { Lab } = await import(pathToFileURL(join(project, "dist-test/lab.js")).href);
const lab = await started();
try {
  const programs = join(lab.home, "bin");
  mkdirSync(programs);
  const program = join(project, "dist/cli/main.js");
  writeFileSync(join(programs, "nixus"), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
    mode: 0o755,
  });
  console.log(`Machines: ${names.join(", ")}. Try: ssh ${names[0]}. Leave with: exit`);
  const { argv, env } = lab.commandLine(["bash"], project);
  const [enter, ...args] = argv;
  const shell = spawn(enter, args, { stdio: "inherit", env: { ...env, PATH: `${programs}:${env.PATH}` } });
  // An interrupt is for what runs in the shell.
  process.on("SIGINT", () => {});
  await once(shell, "close");
} finally {
  await lab.stop();
}

async function started() {
  try {
    return await Lab.start({ machines: names.map((name) => ({ name, image: "debian-services" })) });
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
