/** `security.sudo`: rules beside those that the machine has. */
import { type ConfigOf, defineModule, type ModuleArgs, mkIf, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import { packageOption } from "./packages.ts";

const file = import.meta.url;

const command = {
  command: option({
    type: t.singleLineStr,
    description:
      'Path of the program, with the arguments that are allowed; without any: all; with `""`: none.',
  }),
  options: option({
    type: t.listOf(
      t.enum([
        ...([
          "NOPASSWD",
          "PASSWD",
          "NOEXEC",
          "EXEC",
          "SETENV",
          "NOSETENV",
          "LOG_INPUT",
          "NOLOG_INPUT",
        ] as const),
        ...([
          "LOG_OUTPUT",
          "NOLOG_OUTPUT",
          "MAIL",
          "NOMAIL",
          "FOLLOW",
          "NOFOLLOW",
          "INTERCEPT",
          "NOINTERCEPT",
        ] as const),
      ]),
    ),
    default: [],
    description: "Tags of sudoers(5).",
  }),
} as const;

const accounts = (what: string) =>
  option({
    type: t.listOf(t.either(t.singleLineStr, t.int)),
    default: [],
    description: `${what}, by name or number.`,
  });

const rule = {
  users: accounts("Users that may run the commands"),
  groups: accounts("Groups whose members may"),
  host: option({ type: t.singleLineStr, default: "ALL", description: "Machines on which they may." }),
  runAs: option({
    type: t.singleLineStr,
    default: "ALL:ALL",
    description: "As whom: `user`, `user:group` or `:group`.",
  }),
  commands: option({
    type: t.listOf(t.either(t.singleLineStr, t.submodule({ file, options: command }))),
    description: "The commands.",
  }),
} as const;

const options = {
  security: {
    sudo: {
      enable: option({
        type: t.bool,
        default: true,
        description:
          "Whether these rules are there. `false` leaves all rules to the machine; sudo itself is never removed.",
      }),
      package: packageOption("sudo", "sudo"),
      extraRules: option({
        type: t.listOf(t.submodule({ file, options: rule })),
        default: [],
        example: [{ users: ["backup"], commands: [{ command: "/usr/bin/rsync", options: ["NOPASSWD"] }] }],
        description:
          "Rules, read after those of the machine: the last that fits counts. A roll-back follows when the deployer cannot become root with them.",
      }),
      extraConfig: option({
        type: t.lines,
        default: "",
        description: "Text of sudoers(5) behind the rules.",
      }),
    },
  },
} as const;

type Config = ConfigOf<typeof options>;

export const sudoOptions = defineModule({
  file,
  options,
  config: ({ config }: ModuleArgs<Config>) => ({
    environment: {
      systemPackages: mkIf(
        () => {
          const { enable, package: name, extraRules, extraConfig } = config.security.sudo;
          return enable && name !== null && (extraRules.length > 0 || extraConfig !== "");
        },
        () => [config.security.sudo.package],
      ),
    },
  }),
});
