import { buildCommand, buildRouteMap } from "@stricli/core";
import type { Context } from "../context.ts";
import * as text from "../text.ts";

/** What a shell runs to have a word completed: the words up to there, the last of which may be empty. A proposal a line. */
const question = `nixus ${text.completion.hidden} --`;

/** Each falls back to names of files where nothing is proposed. */
const scripts = {
  bash: `_nixus() {
  local words line=\${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  mapfile -t COMPREPLY < <(${question} "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _nixus nixus
`,
  zsh: `_nixus() {
  local -a found
  found=("\${(@f)$(${question} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $found ]]; then compadd -a found; else _files; fi
}
compdef _nixus nixus
`,
  fish: `complete -c nixus -a '(${question} (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
} as const;

function printing(shell: keyof typeof scripts) {
  return buildCommand<Record<never, never>, [], Context>({
    func() {
      this.process.stdout.write(scripts[shell]);
    },
    parameters: {},
    docs: { brief: text.completion[shell] },
  });
}

export const completionCommands = buildRouteMap({
  routes: { bash: printing("bash"), zsh: printing("zsh"), fish: printing("fish") },
  docs: { brief: text.completion.brief },
});
