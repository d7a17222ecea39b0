/** `environment.etc`: files below /etc. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

const file = import.meta.url;

const etcFile = defineModule({
  file,
  options: {
    enable: option({ type: t.bool, default: true, description: "`false`: as if it were not defined." }),
    target: option({
      type: t.nullOr(t.str),
      default: null,
      defaultText: "the attribute's name",
      description: "Path of the file, relative to /etc.",
    }),
    text: option({ type: t.nullOr(t.lines), default: null, description: "Text of the file." }),
    source: option({
      type: t.nullOr(t.path),
      default: null,
      description: "The file or directory to put there, instead of `text`.",
    }),
    mode: option({
      type: t.strMatching("symlink|direct-symlink|0?[0-7]{3,4}"),
      default: "symlink",
      example: "0600",
      description: "`symlink`: a link into the store; octal permissions: a copy that has them.",
    }),
    user: option({ type: t.str, default: "root", description: "Owner of a copy." }),
    group: option({ type: t.str, default: "root", description: "Group of a copy." }),
  },
});

export const etcOptions = defineModule({
  file,
  options: {
    environment: {
      etc: option({
        type: t.attrsOf(t.submodule(etcFile)),
        default: {},
        description:
          "Files below /etc. A file that the machine has already is kept aside, and put back when it is no longer managed.",
      }),
    },
  },
});
