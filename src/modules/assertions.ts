/** `assertions` and `warnings`, as in NixOS. Whoever evaluates the modules has to look at them. */
import { defineModule, option } from "./define.ts";
import { bool, str } from "./types/basic.ts";
import { listOf } from "./types/composite.ts";
import { submodule } from "./types/submodule.ts";

export const assertionsModule = defineModule({
  file: "nixus/assertions",
  key: "nixus/assertions",
  options: {
    assertions: option({
      type: listOf(
        submodule({
          options: {
            assertion: option({ type: bool, description: "What must hold." }),
            message: option({ type: str, description: "What is said if it does not." }),
          },
        }),
      ),
      default: [],
      internal: true,
      example: [{ assertion: false, message: "you can't enable this for that reason" }],
      description:
        "Conditions without which the configuration is not deployed, each with the message for the user.",
    }),
    warnings: option({
      type: listOf(str),
      default: [],
      internal: true,
      example: ["The `foo' service is deprecated and will go away soon!"],
      description: "Messages that are shown whenever the configuration is evaluated.",
    }),
  },
});
