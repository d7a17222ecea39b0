/** Deployments in the test's own process, whose ssh runs as the deployer in a lab's network. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lab } from "./lib/index.ts";

/** Puts that ssh in front of PATH. @returns takes it away again */
export function useSshOf(lab: Lab): () => void {
  const ownPath = process.env["PATH"] ?? "";
  const { argv, env } = lab.commandLine(["ssh"], "/");
  const quoted = argv.filter((word) => word !== "--pid").map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const home = `HOME='${env["HOME"]}' USER=root LOGNAME=root`;
  const script = `#!/bin/sh\nunset SSH_AUTH_SOCK\nPATH='${ownPath}' ${home} exec ${quoted.join(" ")} "$@"\n`;
  const bin = mkdtempSync(join(tmpdir(), "nixus-lab-bin-"));
  writeFileSync(join(bin, "ssh"), script, { mode: 0o755 });
  process.env["PATH"] = `${bin}:${ownPath}`;
  return () => {
    process.env["PATH"] = ownPath;
    rmSync(bin, { recursive: true, force: true });
  };
}
