import type { CommandContext } from "@stricli/core";

/** What commands use of the process they run in; injected so that tests can give another one. */
export interface Context extends CommandContext {
  readonly process: NodeJS.Process;
}
