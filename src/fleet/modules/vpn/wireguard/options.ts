/** `vpn.networks.<name>.{server,clients.<node>}.wireguard`. */
import { option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

export const wireguardMember = {
  publicKey: option({
    type: t.nullOr(t.singleLineStr),
    default: null,
    example: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    description: "The node's public key, as `wg pubkey` gives it.",
  }),
  privateKeyFile: option({
    type: t.nullOr(t.str),
    default: null,
    example: "/etc/wireguard/key",
    description: "The file on the machine with the private key, as `wg genkey` gives it.",
  }),
} as const;
