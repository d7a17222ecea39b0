/** The options below `rtcwake`. */
import { type ConfigOf, option } from "../../../modules/define.ts";
import { t } from "../../../modules/types/index.ts";

const file = import.meta.url;

const seconds = (value: number, description: string) =>
  option({ type: t.ints.positive, default: value, description });

const machine = {
  interval: seconds(900, "Seconds after which the machine wakes to ask the server, `rtcwake -s`."),
  mode: option({
    type: t.enum(["standby", "freeze", "mem", "disk", "off"]),
    default: "mem",
    description:
      "How it sleeps (rtcwake(8)): `mem` is suspend to memory, `disk` hibernation, `off` a shutdown.",
  }),
  awakeTime: seconds(
    60,
    "Seconds that it stays awake in any case after it has woken or booted: time for the network, and for people to log in.",
  ),
  retryInterval: seconds(60, "Seconds after which it asks again while it has to stay awake."),
  sleepWhileLoggedIn: option({
    type: t.bool,
    default: false,
    description: "Whether it sleeps also while somebody is logged in (`loginctl list-sessions`).",
  }),
  condition: option({
    type: t.lines,
    default: "",
    example: "! systemctl is-active --quiet backup.service",
    description:
      "Shell commands (bash) that must succeed for the machine to sleep, beside what the server says.",
  }),
} as const;

export const rtcwakeOptions = {
  rtcwake: {
    machines: option({
      type: t.attrsOf(t.submodule({ file, options: machine })),
      default: {},
      example: { desktop: { interval: 1800 } },
      description:
        "Nodes that sleep, and wake now and then to ask the server whether to go on sleeping. " +
        "One that cannot ask, that is being deployed, or that somebody is logged in to, stays awake.",
    }),
    server: {
      node: option({
        type: t.nullOr(t.str),
        default: null,
        example: "router",
        description: "The node that is asked. It must not sleep itself.",
      }),
      address: option({
        type: t.nullOr(t.singleLineStr),
        default: null,
        defaultText: "the server's `networking.public` address, or the host part of its `host`",
        description: "Its address or name, as the machines find it.",
      }),
      port: option({ type: t.port, default: 8423, description: "The TCP port of its page." }),
      openFirewall: option({
        type: t.bool,
        default: true,
        description: "Whether `networking.firewall` of the server lets connections to the port in.",
      }),
    },
  },
} as const;

export type RtcwakeOptions = typeof rtcwakeOptions;

/** The value of `rtcwake`. */
export type Rtcwake = ConfigOf<RtcwakeOptions>["rtcwake"];
