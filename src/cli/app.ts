import { buildApplication, buildRouteMap, text_en } from "@stricli/core";
import { deployCommand } from "./commands/deploy.ts";
import { evalCommand } from "./commands/eval.ts";
import { explainCommand } from "./commands/explain.ts";
import { nixInstantiateCommand } from "./commands/nix-instantiate.ts";
import { optionsCommand } from "./commands/options.ts";
import { replCommand } from "./commands/repl.ts";
import type { Context } from "./context.ts";
import { UserError } from "./errors.ts";
import * as text from "./text.ts";
import { version } from "./version.ts";

const routes = buildRouteMap({
  routes: {
    deploy: deployCommand,
    eval: evalCommand,
    explain: explainCommand,
    "nix-instantiate": nixInstantiateCommand,
    options: optionsCommand,
    repl: replCommand,
  },
  docs: { brief: text.brief },
});

export const app = buildApplication<Context>(routes, {
  name: "nixus",
  versionInfo: { currentVersion: version },
  scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
  documentation: { disableAnsiColor: false },
  determineExitCode: () => 1,
  localization: {
    text: {
      ...text_en,
      exceptionWhileRunningCommand: (error) => formatFailure(error),
      commandErrorResult: (error) => formatFailure(error),
    },
  },
});

/** A stack is for us: only failures that nobody expected show one. */
function formatFailure(error: unknown): string {
  if (error instanceof UserError) {
    return error.message.startsWith("error:") ? error.message : `error: ${error.message}`;
  }
  return text.unexpected(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
