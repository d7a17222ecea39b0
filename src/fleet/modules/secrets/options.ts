/** The options of a secret: `secrets.files.<name>` of a machine, and `secrets.<name>` of the network. */
import { NixError } from "../../../lang/eval/errors.ts";
import { type ConfigOf, option } from "../../../modules/define.ts";
import type { StoreString } from "../../../modules/store-string.ts";
import { t } from "../../../modules/types/index.ts";

const file = import.meta.url;

/** A file on the deploying machine. What it says is read by the deployment, never copied to the store. */
const sourcePath = t.oneOf([t.path, t.str]);

const sops = {
  file: option({ type: sourcePath, description: "The encrypted file." }),
  key: option({
    type: t.nullOr(t.str),
    default: null,
    example: '["database"]["password"]',
    description: "What of it is the secret, as for `sops decrypt --extract`. null: all of it.",
  }),
};

const generate = {
  type: option({
    type: t.enum(["random", "wireguard", "ssh", "password-hash"]),
    description:
      "`random`: random characters; `wireguard`, `ssh`: a private key, whose public key is `publicKey`; `password-hash`: the hash (crypt(5)) of a password that `nixus secrets generate` asks for.",
  }),
  length: option({
    type: t.ints.between(16, 1024),
    default: 43,
    description: "Of `random`: how many characters. 43 letters and digits have 256 bits of entropy.",
  }),
  alphabet: option({
    type: t.enum(["alphanumeric", "hexadecimal", "base64"]),
    default: "alphanumeric",
    description: "Of `random`: which characters. `base64` gives the base64 of `length` random bytes.",
  }),
};

const generatorType = t.coercedTo(t.str, (type) => ({ type }), t.submodule({ file, options: generate }));

/** Where a secret comes from: one of them has to be set. */
const sourceOptions = {
  file: option({
    type: t.nullOr(sourcePath),
    default: null,
    description:
      "The file with the secret, on the machine that deploys. It is not copied to the store. Reads as the pointer, whatever the source is: a path in the store that leads to the secret on the machine, and changes when the secret does. A relative string starts at the network file.",
  }),
  command: option({
    type: t.nullOr(t.nonEmptyListOf(t.str)),
    default: null,
    example: ["pass", "show", "web/key"],
    description:
      "Program and arguments whose output is the secret. Run without a shell on the machine that deploys, where the network file is.",
  }),
  environmentVariable: option({
    type: t.nullOr(t.strMatching("[A-Za-z_][A-Za-z0-9_]*")),
    default: null,
    description: "Environment variable of the deploying process with the secret.",
  }),
  age: option({
    type: t.nullOr(sourcePath),
    default: null,
    description: "File encrypted with age, armored or not.",
  }),
  sops: option({
    type: t.nullOr(t.submodule({ file, options: sops })),
    default: null,
    description: "File encrypted with sops, whose program has to be there to deploy.",
  }),
  generate: option({
    type: t.nullOr(generatorType),
    default: null,
    example: "wireguard",
    description:
      "Made by `nixus secrets generate`, and kept encrypted to the node's `deployers` in `secrets/` beside the network file.",
  }),
};

export const secretSources = Object.keys(sourceOptions) as readonly (keyof typeof sourceOptions)[];

const accountName = t.strMatching("[A-Za-z_][A-Za-z0-9_.-]*[$]?");
const unit = t.strMatching("[A-Za-z0-9:_.@\\-]+\\.[a-z]+");

/** How it is on a machine. */
export const placeOptions = {
  user: option({
    type: accountName,
    default: "root",
    description: "Owner of the secret. It may be an account that the same deployment makes.",
  }),
  group: option({
    type: t.nullOr(accountName),
    default: null,
    defaultText: "root",
    description: "Group that may read it.",
  }),
  mode: option({
    type: t.nullOr(t.strMatching("0?[0-7]{3}")),
    default: null,
    defaultText: "`0440` with a group, `0400` without",
    description: "Permissions, in octal digits. Those of others must be 0.",
  }),
  path: option({
    type: t.nullOr(t.str),
    default: null,
    defaultText: "`/run/nixus-secrets/NAME`",
    example: "/etc/web/key.pem",
    description:
      "A link to the secret that stays the same when the secret changes. What refers to this path is not restarted by a change; name it in `restartUnits`, or refer to `file`.",
  }),
  restartUnits: option({
    type: t.listOf(unit),
    default: [],
    example: ["nginx.service"],
    description: "Units that are restarted when the secret changes, beside those that refer to `file`.",
  }),
  reloadUnits: option({
    type: t.listOf(unit),
    default: [],
    description: "Units that are reloaded when the secret changes.",
  }),
  neededForUsers: option({
    type: t.bool,
    default: false,
    description: "Make it available before accounts are made. It has to be root's.",
  }),
  beforeActivation: option({
    type: t.bool,
    default: false,
    description: "The same as `neededForUsers`, for what else an activation needs at its beginning.",
  }),
  persistent: option({
    type: t.bool,
    default: true,
    description:
      "`false`: kept in memory only. After a restart of the machine it is missing until the next deployment, which sends it again; one that restarts the machine itself sends it after that.",
  }),
  binary: option({
    type: t.bool,
    default: false,
    description: "Whether the secret may be something else than text in UTF-8.",
  }),
};

export const secretOptions = {
  ...sourceOptions,
  ...placeOptions,
  shared: option({
    type: t.nullOr(t.str),
    default: null,
    internal: true,
    description: "The name of the network's secret that this is.",
  }),
};

/** What reads as `secrets.files.<name>`. */
export type SecretFile = Omit<ConfigOf<typeof secretOptions>, "file" | "path"> & {
  /** The pointer. */
  readonly file: StoreString;
  /** The stable path; it refers to the store too, so that the secret is sent. */
  readonly path: StoreString;
  /** Of a generated private key; reading it fails before there is one. null for other secrets. */
  readonly publicKey: string | null;
};

const sharedFile = option({
  type: t.nullOr(sourcePath),
  default: null,
  description:
    "The file with the secret, on the machine that deploys. It is not copied to the store. A relative string starts at the network file. In a machine's configuration write `config.secrets.files.<name>.file` of that machine, which reads as the pointer; this one can't be made a part of a text.",
  // Nothing that could get into a text, and so the secret into the store.
  apply: (file) => (file === null ? null : { path: file, __toString: refuseText }),
});

// With a parameter: without one it would be a value that is computed when it is needed.
function refuseText(_self: unknown): never {
  throw new NixError(
    "module",
    "the 'file' of a secret of the network is where it comes from, and would lay it open in the store; " +
      "write 'config.secrets.files.<name>.file' with the `config` of the machine's configuration ({ config, ... }: ...), " +
      "or 'config.nodes.<node>.configuration.secrets.files.<name>.file'",
  );
}

export const sharedSecretOptions = {
  ...sourceOptions,
  file: sharedFile,
  ...placeOptions,
  nodes: option({
    type: t.listOf(t.str),
    default: [],
    example: ["web1", "web2"],
    description: "The nodes that get it, each as its `secrets.files.<name>`.",
  }),
};
