/** `system.activationScripts` and what a system is built into. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

const file = import.meta.url;

const script = defineModule({
  file,
  options: {
    text: option({ type: t.lines, description: "Shell commands." }),
    deps: option({
      type: t.listOf(t.str),
      default: [],
      description: "Names of the scripts that must have run before.",
    }),
  },
});

export const activationOptions = defineModule({
  file,
  options: {
    system: {
      activationScripts: option({
        type: t.attrsOf(t.coercedTo(t.str, (text) => ({ text }), t.submodule(script))),
        default: {},
        description:
          "Shell commands that are run when the system is activated and at boot. They must do no harm when run again.",
      }),
      preSwitchChecks: option({
        type: t.attrsOf(t.lines),
        default: {},
        description:
          "Shell commands that are run before anything is changed, with the new system and the action (`switch`, `test`, `dry-activate`) as arguments. One that fails keeps the system from being activated.",
      }),
      build: option({
        type: t.lazyAttrsOf(t.unspecified),
        default: {},
        internal: true,
        description: "What the system consists of; `toplevel` is its store path.",
      }),
    },
  },
});
