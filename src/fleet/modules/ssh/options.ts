/** The options below `ssh.access`. */
import { type ConfigOf, option } from "../../../modules/define.ts";
import { t } from "../../../modules/types/index.ts";
import { keyOptions } from "./key-options.ts";

const file = import.meta.url;

const hasAccessTo = option({
  type: t.attrsOf(t.attrsOf(t.bool)),
  default: {},
  example: { bar: { bob: true } },
  description: "Users that the key may log in as, by node.",
});

const key = {
  publicKey: option({
    type: t.nullOr(t.singleLineStr),
    default: null,
    example: "ssh-ed25519 AAAAC3Nz... alice@foo",
    description: "The public key, as in a `.pub` file. The private one stays where it is, on the node.",
  }),
  options: option({
    type: t.submodule({ file, options: keyOptions }),
    default: {},
    example: { restrict: true, from: ["192.0.2.0/24"] },
    description: "What the key may be used for (sshd(8), AUTHORIZED_KEYS FILE FORMAT).",
  }),
  hasAccessTo,
};

const node = {
  hostKeys: option({
    type: t.attrsOf(t.singleLineStr),
    default: {},
    example: { ed25519: "ssh-ed25519 AAAAC3Nz..." },
    description:
      "Public host keys of the node, under any names: the contents of its /etc/ssh/ssh_host_*_key.pub.",
  }),
  hostNames: option({
    // In a line of known hosts the names stand between commas.
    type: t.listOf(t.strMatching("[^[:space:],]+")),
    default: [],
    example: ["bar.example.com", "192.0.2.2"],
    description: "Names and addresses of the node, beside its own name and the host part of its `host`.",
  }),
  keys: option({
    type: t.attrsOf(t.submodule({ file, options: key })),
    default: {},
    description: "Keys that users of the node have, under any names.",
  }),
};

export const sshOptions = {
  ssh: {
    access: option({
      type: t.attrsOf(t.submodule({ file, options: node })),
      default: {},
      description:
        "By node: what it is known by, and which of its keys may log in where. `hasAccessTo.bar.bob = true` authorizes the key for user `bob` on node `bar`, and makes the host keys of `bar` known on this node.",
    }),
  },
} as const;

export type SshOptions = typeof sshOptions;

/** The value of `ssh.access`. */
export type SshAccess = ConfigOf<SshOptions>["ssh"]["access"];
