import { buildCommand, buildRouteMap } from "@stricli/core";
import type { NetworkSecret } from "../../deploy/secrets/update.ts";
import type { Context } from "../context.ts";
import { generateMissing } from "../secrets/generate.ts";
import { type SecretsFlags, secretsAliases, secretsFlags, secretsOfNetwork } from "../secrets/network.ts";
import * as text from "../text.ts";

const keysCommand = buildCommand<SecretsFlags, [], Context>({
  async func(flags) {
    const found = await secretsOfNetwork(flags, this.process);
    await generateMissing(found, found.secrets.filter(isVpnKey), this.process, text.vpn.noKeys);
  },
  parameters: { flags: secretsFlags, aliases: secretsAliases },
  docs: { brief: text.vpn.keys },
});

/** As src/fleet/modules/vpn/wireguard names them. */
function isVpnKey({ owner, secret: { source } }: NetworkSecret): boolean {
  return (
    owner.kind === "node" &&
    owner.name.startsWith("vpn-") &&
    source.type === "generated" &&
    source.generator.type === "wireguard"
  );
}

export const vpnCommands = buildRouteMap({ routes: { keys: keysCommand }, docs: { brief: text.vpn.brief } });
