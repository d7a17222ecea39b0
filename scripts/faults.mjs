// `npm run faults [-- NAME...]`: faults at the steps of deployments, on real machines; all on containers, or those of a name such as
// `power-cut` or `power-cut/half`; `vm` those on virtual machines. Writes docs/reference/faults.md. The last line is "N passed, N failed".

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ensureFaults } from "./setup/build.mjs";
import { project } from "./setup/project.mjs";
import { SetupError } from "./setup/step.mjs";
import { setUpMachines, setUpProgram, setUpVirtualMachines } from "./setup.mjs";

const names = process.argv.slice(2);
const virtual = names.some((name) => name === "vm" || name.startsWith("vm/"));
try {
  await setUpProgram();
  const problem = (await setUpMachines()) ?? (virtual ? await setUpVirtualMachines() : undefined);
  if (problem !== undefined) throw new SetupError(problem);
  await ensureFaults();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}
const program = join(project, "dist-test/faults.js");
const child = spawn(process.execPath, [program, project, ...names], { stdio: "inherit" });
const [code] = await once(child, "close");
process.exitCode = code ?? 1;
