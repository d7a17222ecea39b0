import { buildRouteMap } from "@stricli/core";
import * as text from "../../text.ts";
import { checkCommand } from "./check.ts";
import { editCommand } from "./edit.ts";
import { generateCommand } from "./generate.ts";
import { listCommand } from "./list.ts";
import { rotateCommand } from "./rotate.ts";
import { updateCommand } from "./update.ts";
import { whoCanReadCommand } from "./who-can-read.ts";

export const secretsCommands = buildRouteMap({
  routes: {
    check: checkCommand,
    edit: editCommand,
    generate: generateCommand,
    list: listCommand,
    rotate: rotateCommand,
    update: updateCommand,
    "who-can-read": whoCanReadCommand,
  },
  docs: { brief: text.secrets.brief },
});
