/** `systemd.services`, `systemd.sockets` ...: units, with the names and types that they have in NixOS. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

const file = import.meta.url;

/** A value of a unit file: a list gives one line for each element, null none. */
const scalar = t.oneOf([t.bool, t.int, t.float, t.str, t.path]);
const unitValue = t.nullOr(t.either(scalar, t.listOf(scalar)));
const section = t.attrsOf(unitValue);

const names = (description: string) => option({ type: t.listOf(t.str), default: [], description });
const sectionOption = (name: string) =>
  option({
    type: section,
    default: {},
    description: `Lines of the \`[${name}]\` section (systemd.unit(5)).`,
  });

/** What units of every type have. */
const common = {
  enable: option({ type: t.bool, default: true, description: "`false` masks the unit and stops it." }),
  description: option({ type: t.singleLineStr, default: "", description: "Description of the unit." }),
  documentation: names("URIs with documentation of the unit."),
  requires: names("Units that are started with it and without which it does not run."),
  wants: names("Units that are started with it."),
  upholds: names("Units that are kept running as long as it runs."),
  after: names("Units that must be up before it starts, if they are started at all."),
  before: names("Units that wait for it."),
  bindsTo: names("Units whose end ends this one."),
  partOf: names("Units whose stop or restart is passed on to this one."),
  conflicts: names("Units that cannot run at the same time."),
  requisite: names("Units that must run already when it starts."),
  onFailure: names("Units that are started when it fails."),
  onSuccess: names("Units that are started when it ends well."),
  wantedBy: names("Units that want this one; `multi-user.target` starts it at boot."),
  requiredBy: names("Units that require this one."),
  aliases: names("Other names of the unit."),
  overrideStrategy: option({
    type: t.enum(["asDropinIfExists", "asDropin"]),
    default: "asDropinIfExists",
    description:
      "`asDropin`: what is said here is added to the unit that the distribution has; so it is as well where it could not be a unit by itself (a service without a program). Otherwise it is the whole unit, and one of the distribution is out of effect.",
  }),
  unitConfig: sectionOption("Unit"),
  restartTriggers: option({
    type: t.listOf(t.unspecified),
    default: [],
    description: "Anything; when it changes the unit is restarted.",
  }),
  reloadTriggers: option({
    type: t.listOf(t.unspecified),
    default: [],
    description: "Anything; when only this changes the unit is reloaded.",
  }),
  startLimitBurst: option({
    type: t.nullOr(t.ints.unsigned),
    default: null,
    description: "How many starts are allowed within `startLimitIntervalSec`.",
  }),
  startLimitIntervalSec: option({
    type: t.nullOr(t.ints.unsigned),
    default: null,
    description: "Seconds over which starts are counted.",
  }),
};

const script = (when: string) =>
  option({ type: t.lines, default: "", description: `Shell commands that are run ${when}.` });

const service = defineModule({
  file,
  options: {
    ...common,
    serviceConfig: sectionOption("Service"),
    environment: option({
      type: t.attrsOf(t.nullOr(t.oneOf([t.str, t.path, t.package]))),
      default: {},
      description: "Environment variables of the service's processes.",
    }),
    path: option({
      type: t.listOf(t.oneOf([t.package, t.str])),
      default: [],
      description: "Directories whose `bin` and `sbin` are put in front of the service's PATH.",
    }),
    script: script("as the service's main process"),
    scriptArgs: option({ type: t.str, default: "", description: "Arguments given to `script`." }),
    preStart: script("before the service starts"),
    postStart: script("after it has started"),
    preStop: script("to stop it"),
    postStop: script("after it has stopped"),
    reload: script("to reload its configuration"),
    startAt: option({
      type: t.coercedTo(t.str, (value) => [value], t.listOf(t.str)),
      default: [],
      description: "When a timer of the same name starts the service (systemd.time(7), calendar events).",
    }),
    restartIfChanged: option({
      type: t.bool,
      default: true,
      description: "Restart the service when it has changed.",
    }),
    reloadIfChanged: option({
      type: t.bool,
      default: false,
      description: "Reload the service instead of restarting it.",
    }),
    stopIfChanged: option({
      type: t.bool,
      default: true,
      description: "Stop the old service before anything else changes, rather than restart it at the end.",
    }),
  },
});

const timer = defineModule({
  file,
  options: { ...common, timerConfig: sectionOption("Timer") },
});

const target = defineModule({ file, options: common });

const socket = defineModule({
  file,
  options: {
    ...common,
    listenStreams: names("Addresses and paths that it listens on, each a `ListenStream=`."),
    listenDatagrams: names("The same for datagrams, each a `ListenDatagram=`."),
    socketConfig: sectionOption("Socket"),
  },
});

const path = defineModule({ file, options: { ...common, pathConfig: sectionOption("Path") } });

const slice = defineModule({ file, options: { ...common, sliceConfig: sectionOption("Slice") } });

const where = option({
  type: t.strMatching("/.*"),
  example: "/srv/data",
  description: "The directory that it is mounted on; names the unit.",
});

const mount = defineModule({
  file,
  options: {
    ...common,
    where,
    what: option({
      type: t.str,
      example: "/dev/sdb1",
      description: "What is mounted: a device, a remote path.",
    }),
    type: option({ type: t.str, default: "", example: "ext4", description: "The type of its file system." }),
    options: option({
      type: t.commas,
      default: "",
      example: "noatime",
      description: "Options, commas between them.",
    }),
    mountConfig: sectionOption("Mount"),
  },
});

const automount = defineModule({
  file,
  options: { ...common, where, automountConfig: sectionOption("Automount") },
});

export const systemdOptions = defineModule({
  file,
  options: {
    systemd: {
      services: option({
        type: t.attrsOf(t.submodule(service)),
        default: {},
        description: "Services, by name without the suffix `.service`.",
      }),
      timers: option({
        type: t.attrsOf(t.submodule(timer)),
        default: {},
        description: "Timers, by name without the suffix `.timer`.",
      }),
      targets: option({
        type: t.attrsOf(t.submodule(target)),
        default: {},
        description: "Targets, by name without the suffix `.target`.",
      }),
      sockets: option({
        type: t.attrsOf(t.submodule(socket)),
        default: {},
        description:
          "Sockets, by name without the suffix `.socket`: what connects to one starts its service.",
      }),
      paths: option({
        type: t.attrsOf(t.submodule(path)),
        default: {},
        description: "Paths, by name without the suffix `.path`: what happens to one starts its service.",
      }),
      slices: option({
        type: t.attrsOf(t.submodule(slice)),
        default: {},
        description: "Slices, by name without the suffix `.slice`.",
      }),
      mounts: option({
        type: t.listOf(t.submodule(mount)),
        default: [],
        example: [{ what: "tmpfs", type: "tmpfs", where: "/srv/scratch", wantedBy: ["multi-user.target"] }],
        description:
          "Mounts. A list, since a unit's name follows from `where`. The machine's own /etc/fstab is left alone.",
      }),
      automounts: option({
        type: t.listOf(t.submodule(automount)),
        default: [],
        description:
          "Directories that are mounted when they are first looked into, by the mount with the same `where`.",
      }),
    },
  },
});
