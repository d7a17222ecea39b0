/** The frame of the `nixus secrets` commands that are about all secrets, or about those that are named. */
import { buildCommand } from "@stricli/core";
import type { NetworkSecret } from "../../deploy/secrets/update.ts";
import type { Context } from "../context.ts";
import * as text from "../text.ts";
import {
  namedSecrets,
  type SecretsFlags,
  type SecretsOfNetwork,
  secretsAliases,
  secretsFlags,
  secretsOfNetwork,
} from "./network.ts";

const name = { brief: text.secrets.name, parse: String, placeholder: "secret" } as const;

/** The parameter of commands that take one name, and of those that take any number of them. */
export const oneName = { kind: "tuple", parameters: [name] } as const;
export const anyNames = { kind: "array", parameter: { ...name, brief: text.secrets.names } } as const;

export interface Chosen extends SecretsOfNetwork {
  /** Those that were named; all of them where none was. */
  readonly chosen: readonly NetworkSecret[];
  readonly names: readonly string[];
  readonly process: Context["process"];
  /** A line of standard output. */
  readonly say: (line: string) => void;
}

export function commandOnSecrets(brief: string, run: (of: Chosen) => Promise<void>) {
  return buildCommand<SecretsFlags, string[], Context>({
    async func(flags, ...names) {
      const { process } = this;
      const found = await secretsOfNetwork(flags, process);
      if (found.secrets.length + names.length === 0) {
        process.stderr.write(`${text.secrets.none}\n`);
        return;
      }
      const chosen = namedSecrets(found.secrets, names);
      await run({ ...found, chosen, names, process, say: (line) => process.stdout.write(`${line}\n`) });
    },
    parameters: { flags: secretsFlags, aliases: secretsAliases, positional: anyNames },
    docs: { brief, customUsage: ["[SECRET...]"] },
  });
}
