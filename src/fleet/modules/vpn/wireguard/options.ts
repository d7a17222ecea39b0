/** `vpn.networks.<name>.{server,clients.<node>}.wireguard`. */
import { option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import { keyFileType } from "../key-file.ts";

export const wireguardNetwork = {
  generateKeys: option({
    type: t.bool,
    default: false,
    description:
      "Whether members for which no key is set get one that `nixus vpn keys` makes: the secret `vpn-<network>` of the node.",
  }),
} as const;

export const wireguardMember = {
  publicKey: option({
    type: t.nullOr(t.singleLineStr),
    default: null,
    example: "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
    description: "The node's public key, as `wg pubkey` gives it.",
  }),
  privateKeyFile: option({
    type: keyFileType,
    default: null,
    example: "/etc/wireguard/key",
    description: "The file on the machine with the private key, as `wg genkey` gives it.",
  }),
} as const;
