import { buildCommand, buildRouteMap } from "@stricli/core";
import type { Context } from "../context.ts";
import { UserError } from "../errors.ts";
import { evaluate, evaluationOptions } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import { proposeNodes } from "../node-names.ts";
import { fingerprints, hostKeysNix } from "../render/host-keys.ts";
import * as text from "../text.ts";
import { evalCacheFlag, fileFlag, showTraceFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
}

const scanCommand = buildCommand<Flags, [node: string], Context>({
  async func(flags, node) {
    const { stdout, stderr } = this.process;
    const { sshHost } = await evaluate(
      { kind: "ssh-host", file: findNetworkFile(flags.file, this.process.cwd()), node },
      evaluationOptions(this.process, flags),
    );
    const { HostKeyError, scanHostKeys } = await import("../../deploy/ssh/host-keys.ts");
    try {
      const { host, keys, why } = await scanHostKeys(sshHost.destination, sshHost.options);
      if (keys.length === 0) throw new UserError(text.sshKeys.none(node, host, why));
      stderr.write(`${fingerprints(keys, sshHost.hostKeys)}\n${text.sshKeys.check(node)}\n\n`);
      stdout.write(`${hostKeysNix(node, keys)}\n`);
    } catch (error) {
      if (error instanceof HostKeyError) throw new UserError(error.message, { cause: error });
      throw error;
    }
  },
  parameters: {
    flags: { file: fileFlag, showTrace: showTraceFlag, evalCache: evalCacheFlag },
    aliases: { f: "file" },
    positional: {
      kind: "tuple",
      parameters: [
        { brief: text.sshKeys.node, parse: String, placeholder: "node", proposeCompletions: proposeNodes },
      ],
    },
  },
  docs: { brief: text.sshKeys.scan },
});

export const sshKeysCommands = buildRouteMap({
  routes: { scan: scanCommand },
  docs: { brief: text.sshKeys.brief },
});
