/** The options of `nodes.<name>` (design, section 3), except `configuration`, which depends on the platform. */
import { defineModule, mkOverride, option } from "../../modules/define.ts";
import { t } from "../../modules/types/index.ts";
import { healthChecksOption } from "./health-checks.ts";

export const nodeOptions = defineModule({
  file: import.meta.url,
  options: {
    enabled: option({
      type: t.bool,
      default: true,
      description: "`false`: the node is not part of deployments; its configuration can still be read.",
    }),
    host: option({
      type: t.nullOr(t.str),
      defaultText: "the node's name",
      example: "root@foo.example.com",
      description:
        "SSH destination: `[user@]host` or `ssh://[user@]host[:port]`. null: never deployed. Nodes that lead to one machine are not deployed together.",
    }),
    platform: option({
      type: t.enum(["nixos", "linux"]),
      default: "nixos",
      description:
        "What `configuration` is: a NixOS configuration, or one for any distribution with systemd and Nix.",
    }),
    nixpkgs: option({
      type: t.nullOr(t.unspecified),
      defaultText:
        "the input or pin `nixpkgs` of flake.lock or npins beside the network file; null without them",
      description:
        "The nixpkgs that a NixOS node is evaluated with: a path, or something with an `outPath`, such as the input of a flake or a pin of npins.",
    }),
    system: option({
      type: t.str,
      default: "x86_64-linux",
      description: "The Nix system of the machine. Never taken from the machine that deploys.",
    }),
    tags: option({ type: t.listOf(t.str), default: [], description: "Words to select nodes by." }),
    buildOn: option({
      type: t.str,
      default: "local",
      description: "Where systems are built: `local`, `target`, or a builder's SSH destination.",
    }),
    hasFastConnection: option({
      type: t.bool,
      default: false,
      description: "true: copy everything from here; false: let the machine substitute what it can.",
    }),
    privilegeEscalationCommand: option({
      type: t.listOf(t.str),
      default: ["sudo"],
      description: "Command in front of those that need root. Unused when the SSH user is root.",
    }),
    switchTimeout: option({
      type: t.ints.positive,
      default: 60,
      description: "Seconds that the activation may take before it is ended and rolled back.",
    }),
    successTimeout: option({
      type: t.ints.positive,
      default: 20,
      description: "Seconds after the activation in which the deployment must be confirmed.",
    }),
    ignoreFailingSystemdUnits: option({
      type: t.bool,
      default: false,
      description: "Whether an activation counts as good when units fail in it.",
    }),
    healthChecks: healthChecksOption,
    after: option({
      type: t.listOf(t.str),
      default: [],
      example: ["db-1", "@backup"],
      description:
        "Nodes that have to be on their new system before this one is begun: names, patterns, `@` and a tag. Those that are not part of a deployment don't count.",
    }),
    atomicGroup: option({
      type: t.nullOr(t.str),
      default: null,
      example: "database",
      description:
        "Nodes with the same word here are switched together: none is committed before all could be confirmed, and all roll back when one of them fails.",
    }),
    whenUnreachable: option({
      type: t.enum(["fail", "skip", "retry"]),
      default: "fail",
      description:
        "When there is no connection to the machine: the deployment fails (of this machine, the others go on), the machine is passed over without that being a failure (the exit status is 0 when nothing else fails), or it is tried again for some minutes.",
    }),
    rebootPolicy: option({
      type: t.enum(["never", "ifNeeded", "always"]),
      default: "never",
      description:
        "Whether the machine is restarted into its new system: never; when its kernel, initrd, kernel modules or kernel parameters are not those that it was started with, or a switch inhibitor changed; always. It is started once, confirmed after that, and the boot default only then. `never`: a system that may not be switched to while the machine runs is refused.",
    }),
    rebootTimeout: option({
      type: t.ints.positive,
      default: 300,
      description:
        "Seconds after which a machine that was restarted into its new system, and was not confirmed since, restarts into the previous one.",
    }),
    bootSelector: option({
      type: t.nullOr(t.strMatching("/[^\n]*")),
      default: null,
      example: "/etc/boot-selector",
      description:
        "Absolute path of a program on the machine that can have a system started once, for boot loaders other than systemd-boot and GRUB: `check`, `set-once SYSTEM`, `clear`. null: as the platform does it.",
    }),
    closurePaths: option({
      type: t.attrsOf(t.unspecified),
      default: {},
      description:
        "Packages and other store paths that are copied to the machine beside its system, by a name of your choice.",
    }),
    deployScriptPhases: option({
      type: t.dagOf(t.lines),
      default: {},
      example: { notify: 'notify-send "$NIXUS_NODE"' },
      description:
        "Shell scripts that the deploying machine runs while it deploys the node, before and after the built-in phases `connect`, `build`, `copy`, `secrets`, `switch`, `confirm` and `commit`. One that fails ends the deployment of the node: before the switch nothing is changed, between `switch` and `commit` it is rolled back.",
    }),
    deployers: option({
      type: t.listOf(t.singleLineStr),
      default: [],
      example: ["age1...", "ssh-ed25519 AAAAC3Nz... alice@laptop"],
      description:
        "Public keys, of age or SSH, of those who deploy the node: generated secrets and the key of all digests are encrypted to them. Empty: to whoever deploys it first.",
    }),
    ssh: {
      options: option({
        type: t.attrsOf(t.str),
        default: {},
        example: { Port: "2222" },
        description: "Options for ssh (ssh_config(5)), beside those of your own configuration.",
      }),
    },
  },
  // Destructuring would read `name` at once, which needs the definitions of `_module.args`.
  config: (args) => ({ host: mkOverride(1500, () => args.name) }),
});
