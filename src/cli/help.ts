/** `--help`: what stricli writes, less what says nothing. */
import type { DisplayCaseStyle, StricliIntegration } from "@stricli/core";
import type { Context } from "./context.ts";
import * as text from "./text.ts";

const formatting = {
  caseStyle: "convert-camel-to-kebab" satisfies DisplayCaseStyle,
  onlyRequiredInUsageLine: true,
  useAliasInUsageLine: false,
} as const;

export const help: StricliIntegration<Context> = {
  flag: {
    brief: text.help,
    aliases: ["h"],
    global: true,
    defaultForRouteMap: true,
    run(app, { text: words, ansiColorByStream, result, additionalFlags }) {
      const lines = result.target
        .formatHelp({
          prefix: result.prefix,
          additionalFlags,
          includeArgumentEscapeSequenceFlag: app.config.scanner.allowArgumentEscapeSequence,
          includeHidden: false,
          config: formatting,
          aliases: result.aliases[formatting.caseStyle],
          text: words,
          ansiColor: ansiColorByStream.stdout,
        })
        .split("\n");
      const isGroup = "getAllEntries" in result.target;
      const shown = isGroup ? withOneUsage(lines, result.prefix) : lines;
      this.process.stdout.write(shown.map(withoutNoise).join("\n"));
    },
  },
};

/** A line for each command of a group repeats its list. */
function withOneUsage(lines: readonly string[], prefix: readonly string[]): readonly string[] {
  const [heading = "", ...rest] = lines;
  return [heading, `  ${prefix.join(" ")} COMMAND`, ...rest.slice(rest.indexOf(""))];
}

/** That a switch is off where nobody turns it on goes without saying; other defaults stand right behind their text. */
function withoutNoise(line: string): string {
  return line
    .replace(/\s+\[[^\]]*default =\S* false\]$/, "")
    .replace(/\s+(\[[^\]]*\])$/, " $1")
    .trimEnd();
}
