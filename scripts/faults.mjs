// `npm run faults [-- NAME...]`: faults at the steps of deployments, on real machines; all, or those of a name such as
// `power-cut` or `power-cut/half`. Writes docs/reference/faults.md. The last line is "N passed, N failed".

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ensureFaults } from "./setup/build.mjs";
import { project } from "./setup/project.mjs";
import { SetupError } from "./setup/step.mjs";
import { setUpMachines, setUpProgram } from "./setup.mjs";

try {
  await setUpProgram();
  const problem = await setUpMachines();
  if (problem !== undefined) throw new SetupError(problem);
  await ensureFaults();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}
const program = join(project, "dist-test/faults.js");
const child = spawn(process.execPath, [program, project, ...process.argv.slice(2)], { stdio: "inherit" });
const [code] = await once(child, "close");
process.exitCode = code ?? 1;
