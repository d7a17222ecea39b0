import {
  type Application,
  buildApplication,
  buildCommand,
  buildRouteMap,
  ExitCode,
  proposeCompletions,
  type RouteMap,
  run,
  type StricliProcess,
  text_en,
  version as versionIntegration,
} from "@stricli/core";
import { buildCommand as systemsCommand } from "./commands/build.ts";
import { completionCommands } from "./commands/completion.ts";
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
import { UsageError } from "./errors.ts";
import { formatFailure } from "./failure.ts";
import { help } from "./help.ts";
import { misreadArguments, unknownCommand } from "./misread.ts";
import * as text from "./text.ts";
import { version } from "./version.ts";

const routes = buildRouteMap({
  // In this order they are shown: what is used most first.
  routes: {
    deploy: deployCommand,
    diff: diffCommand,
    build: systemsCommand,
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
    completion: completionCommands,
    [text.completion.hidden]: buildCommand<Record<never, never>, string[], Context>({
      func: printProposals,
      parameters: {
        positional: { kind: "array", parameter: { brief: text.completion.words, parse: String } },
      },
      docs: { brief: text.completion.proposals },
    }),
  },
  docs: { brief: text.brief, hideRoute: { [text.completion.hidden]: true } },
});

/** The exit status of a command line that can't be read. */
const misused = 2;

/** Carries out a command line. */
export async function runApp(process: NodeJS.Process, words: readonly string[]): Promise<void> {
  const command = commandOf(words);
  // The cast only bridges `exitCode`'s types: stricli's allow null, Node's allow undefined.
  await run(application(command), words, { process: process as NodeJS.Process & StricliProcess });
  if (process.exitCode === ExitCode.UnknownCommand || process.exitCode === ExitCode.InvalidArgument) {
    process.stderr.write(`${text.tryHelp(command)}\n`);
    process.exitCode = misused;
  }
}

/** `command`: the words that name the command, for messages. */
function application(command: readonly string[]): Application<Context> {
  return buildApplication<Context>(
    routes,
    {
      name: "nixus",
      scanner: {
        caseStyle: "allow-kebab-for-camel",
        allowArgumentEscapeSequence: true,
        distanceOptions: {
          threshold: 3,
          weights: { insertion: 1, deletion: 3, substitution: 2, transposition: 0 },
        },
      },
      determineExitCode: (error) => (error instanceof UsageError ? ExitCode.InvalidArgument : 1),
      localization: {
        text: {
          ...text_en,
          briefs: { ...text_en.briefs, argumentEscapeSequence: text.noFlags },
          noCommandRegisteredForInput: ({ input, corrections }) =>
            unknownCommand(command, input, corrections),
          exceptionWhileParsingArguments: misreadArguments,
          exceptionWhileRunningCommand: (error) => formatFailure(error),
          commandErrorResult: (error) => formatFailure(error),
        },
      },
    },
    { help, version: versionIntegration({ brief: text.version, info: { currentVersion: version } }) },
  );
}

/** What the last of the words may become, for the shells' scripts (commands/completion.ts). */
async function printProposals(
  this: Context,
  _flags: Record<never, never>,
  ...words: string[]
): Promise<void> {
  const { process } = this;
  const proposals = await proposeCompletions(application([]), words, {
    process: process as NodeJS.Process & StricliProcess,
  });
  // Flags come in camel case, too.
  const texts = proposals.map(({ completion }) => completion).filter((one) => !/^--.*[A-Z]/.test(one));
  process.stdout.write(texts.map((one) => `${one}\n`).join(""));
}

/** The words at the beginning that name a command. */
function commandOf(words: readonly string[]): readonly string[] {
  const path: string[] = [];
  let group: RouteMap<Context> | undefined = routes;
  for (const word of words) {
    const target: ReturnType<RouteMap<Context>["getRoutingTargetForInput"]> =
      group?.getRoutingTargetForInput(word);
    if (target === undefined) break;
    path.push(word);
    group = "getRoutingTargetForInput" in target ? target : undefined;
  }
  return path;
}
