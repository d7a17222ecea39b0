/** The programs of a system: the scripts in `target/`, and the activation script made from the options. */
import { readFileSync } from "node:fs";
import { fromBytes, toBytes } from "../../../store/bytes.ts";
import type { DirectoryNode, RegularNode, TreeNode } from "../../../store/tree.ts";
import { digest } from "./manifest.ts";
import type { ActivationScript } from "./system.ts";

const programs = ["switch-to-configuration", "restore", "boot"] as const;
const libraries = [
  "common",
  "files",
  "accounts",
  "units",
  "checks",
  "restorer",
  "host",
  "kernel",
  "secrets",
] as const;

/** Byte string of a script; the files stand beside this module in the package as well. */
function script(name: string): string {
  // That of secrets is the same on both platforms.
  const directory = name === "secrets" ? "../../modules/secrets/target" : "./target";
  return fromBytes(readFileSync(new URL(`${directory}/${name}.sh`, import.meta.url)));
}

export function regularFile(text: string, executable = false): RegularNode {
  return { type: "regular", executable, contents: toBytes(text) };
}

export function directory(entries: Iterable<readonly [string, TreeNode]>): DirectoryNode {
  return { type: "directory", entries: new Map(entries) };
}

/** `bin`, `lib`, and the digest by which a machine knows whether it has these scripts already. */
export function scriptTree(
  activation: readonly ActivationScript[],
  checks: readonly ActivationScript[],
): {
  readonly bin: DirectoryNode;
  readonly lib: DirectoryNode;
  readonly digest: string;
} {
  const programTexts = programs.map((name) => script(name));
  const libraryTexts = libraries.map((name) => script(name));
  const bin: [string, TreeNode][] = programs.map((name, i) => [name, regularFile(programTexts[i]!, true)]);
  if (activation.length > 0) bin.push(["activate", regularFile(activationScript(activation), true)]);
  if (checks.length > 0) bin.push(["check", regularFile(checkScript(checks), true)]);
  return {
    bin: directory(bin),
    lib: directory(libraries.map((name, i) => [`${name}.sh`, regularFile(libraryTexts[i]!)])),
    digest: digest([...programTexts, ...libraryTexts]),
  };
}

/**
 * One bash program of all snippets, as in NixOS: they share their variables, a failing command makes the whole fail
 * but hinders nothing that follows. `$systemConfig` is the system's store path.
 */
function activationScript(snippets: readonly ActivationScript[]): string {
  const parts = snippets.map(
    ({ name, text }) =>
      `# ${name}\nnixus_failed=\n${text.text}\n` +
      `if [ -n "$nixus_failed" ]; then\n  printf "Activation script snippet '%s' failed (%s)\\n" '${name}' "$nixus_failed" >&2\nfi\n`,
  );
  return `#!/usr/bin/env bash
systemConfig=$(readlink -f -- "$0")
systemConfig=\${systemConfig%/bin/activate}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export systemConfig
umask 0022
nixus_status=0
trap 'nixus_failed=$? nixus_status=1' ERR
${parts.join("")}exit "$nixus_status"
`;
}

/** Each snippet in a shell of its own, with `$1` and `$2` as NixOS has them. */
function checkScript(snippets: readonly ActivationScript[]): string {
  const parts = snippets.map(
    ({ name, text }) =>
      `# ${name}\n(\nset -e\n${text.text}\n)\n` +
      `if [ $? != 0 ]; then\n  printf "error: the check '%s' failed\\n" '${name}' >&2\n  nixus_status=1\nfi\n`,
  );
  return `#!/usr/bin/env bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 0022
nixus_status=0
${parts.join("")}exit "$nixus_status"
`;
}

/**
 * Runs the activation scripts when a machine boots: started by the restorer, after basic.target. Not wanted by
 * any target, since an activation runs them itself.
 */
export const activateUnitText = `[Unit]
Description=Run the activation scripts of the Nixus system

[Service]
Type=oneshot
Environment=NIXOS_ACTION=boot
ExecStart=/run/current-system/bin/activate
TimeoutStartSec=600
`;
