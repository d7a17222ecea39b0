/** The modules that every network has. */
import { assertionsModule } from "../../modules/assertions.ts";
import { sshModule } from "./ssh/module.ts";

export const builtInModules = [assertionsModule, sshModule] as const;
