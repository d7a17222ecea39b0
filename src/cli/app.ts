import { buildApplication, buildRouteMap, run, type StricliProcess, text_en } from "@stricli/core";
import { buildCommand } from "./commands/build.ts";
import { confirmCommand } from "./commands/confirm.ts";
import { deployCommand } from "./commands/deploy.ts";
import { diffCommand } from "./commands/diff.ts";
import { dnsRoutes } from "./commands/dns.ts";
import { evalCommand } from "./commands/eval.ts";
import { execCommand } from "./commands/exec.ts";
import { explainCommand } from "./commands/explain.ts";
import { graphCommands } from "./commands/graph.ts";
import { historyCommand } from "./commands/history.ts";
import { lockCommand } from "./commands/lock.ts";
import { nixInstantiateCommand } from "./commands/nix-instantiate.ts";
import { optionsCommand } from "./commands/options.ts";
import { replCommand } from "./commands/repl.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { secretsCommands } from "./commands/secrets/index.ts";
import { sshCommand } from "./commands/ssh.ts";
import { sshKeysCommands } from "./commands/ssh-keys.ts";
import { statusCommand } from "./commands/status.ts";
import { vpnCommands } from "./commands/vpn.ts";
import type { Context } from "./context.ts";
import { formatFailure } from "./failure.ts";
import * as text from "./text.ts";
import { version } from "./version.ts";

const routes = buildRouteMap({
  // In this order they are shown: what is used most first.
  routes: {
    deploy: deployCommand,
    diff: diffCommand,
    build: buildCommand,
    status: statusCommand,
    history: historyCommand,
    rollback: rollbackCommand,
    confirm: confirmCommand,
    exec: execCommand,
    ssh: sshCommand,
    eval: evalCommand,
    explain: explainCommand,
    options: optionsCommand,
    lock: lockCommand,
    secrets: secretsCommands,
    vpn: vpnCommands,
    "ssh-keys": sshKeysCommands,
    dns: dnsRoutes,
    graph: graphCommands,
    repl: replCommand,
    "nix-instantiate": nixInstantiateCommand,
  },
  docs: { brief: text.brief },
});

const app = buildApplication<Context>(routes, {
  name: "nixus",
  versionInfo: { currentVersion: version },
  scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
  documentation: { disableAnsiColor: false, onlyRequiredInUsageLine: true },
  determineExitCode: () => 1,
  localization: {
    text: {
      ...text_en,
      exceptionWhileRunningCommand: (error) => formatFailure(error),
      commandErrorResult: (error) => formatFailure(error),
    },
  },
});

/** Carries out the command line of the process. */
export async function runApp(process: NodeJS.Process): Promise<void> {
  // The cast only bridges `exitCode`'s types: stricli's allow null, Node's allow undefined.
  await run(app, process.argv.slice(2), { process: process as NodeJS.Process & StricliProcess });
}
