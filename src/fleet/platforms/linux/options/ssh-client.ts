/** `programs.ssh`: what the ssh of every user knows. */
import { defineModule, mkOverride, option } from "../../../../modules/define.ts";
import { optionDefaultPriority } from "../../../../modules/properties.ts";
import { t } from "../../../../modules/types/index.ts";

const file = import.meta.url;

const knownHost = defineModule({
  file,
  options: {
    hostNames: option({
      type: t.listOf(t.str),
      defaultText: "the attribute's name and `extraHostNames`",
      description:
        "Names and addresses of the host. For several keys of one host: several `knownHosts` with the same names.",
    }),
    extraHostNames: option({
      type: t.listOf(t.str),
      default: [],
      description:
        "Names and addresses of the host beside the attribute's name. Unused when `hostNames` is set.",
    }),
    certAuthority: option({
      type: t.bool,
      default: false,
      description: "Whether it is the key of a certificate authority, not that of one host.",
    }),
    publicKey: option({
      type: t.nullOr(t.str),
      default: null,
      description: "The host's public key, as in a `.pub` file.",
    }),
    publicKeyFile: option({
      type: t.nullOr(t.path),
      default: null,
      description:
        "The file with the public key, instead of `publicKey`; read when the network is evaluated.",
    }),
  },
  // Destructuring would read `name` at once, which needs the definitions of `_module.args`.
  config: (args) => ({
    hostNames: mkOverride(optionDefaultPriority, () => [args.name, ...args.config.extraHostNames]),
  }),
});

export const sshClientOptions = defineModule({
  file,
  options: {
    programs: {
      ssh: {
        knownHosts: option({
          type: t.attrsOf(t.submodule(knownHost)),
          default: {},
          example: { "foo.example.com": { publicKey: "ssh-ed25519 AAAAC3Nz..." } },
          description:
            "Hosts whose keys every user of the machine trusts: the machine's /etc/ssh/ssh_known_hosts.",
        }),
      },
    },
  },
});
