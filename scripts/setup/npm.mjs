// The npm packages of package-lock.json.

import { statSync } from "node:fs";
import { join } from "node:path";
import { project } from "./project.mjs";
import { command, step } from "./step.mjs";

/** Runs `npm ci` when node_modules is missing or older than package-lock.json. */
export async function ensureNpmPackages() {
  // npm writes this file last.
  const installed = statSync(join(project, "node_modules/.package-lock.json"), { throwIfNoEntry: false });
  const locked = statSync(join(project, "package-lock.json"));
  if (installed !== undefined && installed.mtimeMs >= locked.mtimeMs) return;
  await step("Installing npm packages", () =>
    command(["npm", "ci", "--no-audit", "--no-fund"], { cwd: project }),
  );
}
