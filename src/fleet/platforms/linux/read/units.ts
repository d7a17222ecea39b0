/** `systemd.services`, `systemd.sockets` ... as units. */
import { NixError } from "../../../../lang/eval/errors.ts";
import type { Attrs, Slot } from "../../../../lang/eval/value.ts";
import { force } from "../../../../lang/eval/value.ts";
import { noPos } from "../../../../lang/syntax/positions.ts";
import { joinTexts, type Reader } from "../../../reader.ts";
import { defaultUnitChange, type StoreText, type Unit } from "../system.ts";
import { addScript } from "../tree.ts";
import { line, renderSection, renderSections, type SectionLine, sectionLines } from "./sections.ts";

/** Units by name, and those whose name follows from their directory. */
const types = ["services", "sockets", "timers", "paths", "targets", "slices"] as const;
const listTypes = ["mounts", "automounts"] as const;

type UnitType = (typeof types)[number] | (typeof listTypes)[number];

export function readUnits(reader: Reader, config: Attrs): Unit[] {
  const systemd = (type: string) => reader.at(config, "systemd", type);
  const named = types.flatMap((type) =>
    reader.entries(systemd(type), (name, slot) => readUnit(reader, type, name, reader.attrs(slot))),
  );
  const mounts = listTypes.flatMap((type) =>
    reader.list(systemd(type), (slot) => {
      const unit = reader.attrs(slot);
      const where = reader.plain(reader.at(unit, "where"), `systemd.${type}.where`);
      return readUnit(reader, type, escapePath(where, `systemd.${type}`), unit);
    }),
  );
  return [...named, ...mounts, ...startAtTimers(reader, config, named)];
}

/** The name of a unit for a path (systemd-escape --path, systemd.unit(5)). A byte string. */
function escapePath(path: string, option: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes(".."))
    throw new NixError("module", `'${option}': '${path}' must be a path without '..'`);
  if (segments.length === 0) return "-";
  return segments
    .join("/")
    .replace(
      /^\.|[^A-Za-z0-9:_./]/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
    )
    .replaceAll("/", "-");
}

function readUnit(reader: Reader, type: UnitType, name: string, unit: Attrs): Unit {
  const option = `systemd.${type}.${name}`;
  const unitName = `${name}.${type.slice(0, -1)}`;
  const strings = (key: string) => reader.strings(reader.at(unit, key), `${option}.${key}`);
  const ownSection = typeSection(reader, type, name, unit, option);
  const overrides = reader.plain(reader.at(unit, "overrideStrategy"), `${option}.overrideStrategy`);
  return {
    name: unitName,
    text: renderSections([unitSection(reader, unit, option), ownSection]),
    strategy: overrides === "asDropin" || !isWhole(type, ownSection) ? "drop-in" : "whole",
    enable: reader.bool(reader.at(unit, "enable")),
    wantedBy: strings("wantedBy"),
    requiredBy: strings("requiredBy"),
    aliases: strings("aliases"),
    change:
      type === "services"
        ? {
            restartIfChanged: reader.bool(reader.at(unit, "restartIfChanged")),
            reloadIfChanged: reader.bool(reader.at(unit, "reloadIfChanged")),
            stopIfChanged: reader.bool(reader.at(unit, "stopIfChanged")),
          }
        : defaultUnitChange,
    restartTriggers: triggers(reader, reader.at(unit, "restartTriggers")),
    reloadTriggers: triggers(reader, reader.at(unit, "reloadTriggers")),
  };
}

/** What systemd loads no unit of the type without. */
const essentials: Readonly<Partial<Record<UnitType, RegExp>>> = {
  services: /^(ExecStart|ExecStop|SuccessAction)=./m,
  sockets: /^Listen\w+=./m,
  timers: /^On\w+=./m,
  paths: /^(Path\w+|DirectoryNotEmpty)=./m,
};

/** Whether it can be a unit by itself. If not, it says something more about one that the distribution has. */
function isWhole(type: UnitType, section: StoreText): boolean {
  return essentials[type]?.test(section.text) ?? true;
}

/** Options of `[Unit]` that are lists of words, and the names of their lines. */
const unitLists: readonly (readonly [option: string, key: string])[] = [
  ["documentation", "Documentation"],
  ["requires", "Requires"],
  ["wants", "Wants"],
  ["upholds", "Upholds"],
  ["after", "After"],
  ["before", "Before"],
  ["bindsTo", "BindsTo"],
  ["partOf", "PartOf"],
  ["conflicts", "Conflicts"],
  ["requisite", "Requisite"],
  ["onFailure", "OnFailure"],
  ["onSuccess", "OnSuccess"],
];

function unitSection(reader: Reader, unit: Attrs, option: string): StoreText {
  const lines: SectionLine[] = [];
  const description = reader.plain(reader.at(unit, "description"), `${option}.description`);
  if (description !== "") lines.push(line("Description", description));
  for (const [name, key] of unitLists) {
    const words = reader.strings(reader.at(unit, name), `${option}.${name}`);
    if (words.length > 0) lines.push(line(key, words.join(" ")));
  }
  const burst = reader.nullOr(reader.at(unit, "startLimitBurst"), (slot) => reader.integer(slot));
  if (burst !== null) lines.push(line("StartLimitBurst", String(burst)));
  const interval = reader.nullOr(reader.at(unit, "startLimitIntervalSec"), (slot) => reader.integer(slot));
  if (interval !== null) lines.push(line("StartLimitIntervalSec", String(interval)));
  lines.push(...sectionLines(reader, reader.at(unit, "unitConfig"), `${option}.unitConfig`));
  return renderSection("Unit", lines);
}

function typeSection(reader: Reader, type: UnitType, name: string, unit: Attrs, option: string): StoreText {
  const lines = (key: string) => sectionLines(reader, reader.at(unit, key), `${option}.${key}`);
  const each = (key: string, lineKey: string) =>
    reader.strings(reader.at(unit, key), `${option}.${key}`).map((value) => line(lineKey, value));
  const where = () => line("Where", reader.plain(reader.at(unit, "where"), `${option}.where`));
  switch (type) {
    case "services":
      return renderSection("Service", serviceLines(reader, name, unit, option));
    case "sockets":
      return renderSection("Socket", [
        ...each("listenStreams", "ListenStream"),
        ...each("listenDatagrams", "ListenDatagram"),
        ...lines("socketConfig"),
      ]);
    case "timers":
      return renderSection("Timer", lines("timerConfig"));
    case "paths":
      return renderSection("Path", lines("pathConfig"));
    case "slices":
      return renderSection("Slice", lines("sliceConfig"));
    case "mounts":
      return renderSection("Mount", [
        ["What", reader.text(reader.at(unit, "what"))],
        where(),
        ...(["type", "options"] as const).flatMap((key): SectionLine[] => {
          const value = reader.text(reader.at(unit, key));
          return value.text === "" ? [] : [[key === "type" ? "Type" : "Options", value]];
        }),
        ...lines("mountConfig"),
      ]);
    case "automounts":
      return renderSection("Automount", [where(), ...lines("automountConfig")]);
    case "targets":
      return { text: "", references: [] };
  }
}

/** Options with shell commands, the lines that they become and the names of their executables, as on NixOS. */
const scripts: readonly (readonly [option: string, key: string, suffix: string])[] = [
  ["preStart", "ExecStartPre", "pre-start"],
  ["script", "ExecStart", "start"],
  ["postStart", "ExecStartPost", "post-start"],
  ["reload", "ExecReload", "reload"],
  ["preStop", "ExecStop", "pre-stop"],
  ["postStop", "ExecStopPost", "post-stop"],
];

function serviceLines(reader: Reader, name: string, unit: Attrs, option: string): SectionLine[] {
  return [
    ...environmentLines(reader, unit),
    ...scripts.flatMap(([key, lineKey, suffix]): SectionLine[] => {
      const commands = reader.text(reader.at(unit, key));
      if (commands.text === "") return [];
      const executable = shellScript(reader, `unit-script-${name}-${suffix}`, commands);
      if (key !== "script") return [[lineKey, executable]];
      const args = reader.text(reader.at(unit, "scriptArgs"));
      return [[lineKey, args.text === "" ? executable : joinTexts([executable, " ", args])]];
    }),
    ...sectionLines(reader, reader.at(unit, "serviceConfig"), `${option}.serviceConfig`),
  ];
}

/** The store path of a program that runs the commands with bash and ends at the first that fails, as on NixOS. */
function shellScript(reader: Reader, name: string, commands: StoreText): StoreText {
  const end = commands.text.endsWith("\n") ? "" : "\n";
  const path = addScript(
    reader.evaluator.host.store,
    name,
    joinTexts(["#!/bin/bash\nset -e\n", commands, end]),
  );
  return { text: path, references: [path] };
}

/** What a service of a distribution finds its programs in; directories of `path` come before it. */
const distributionPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function environmentLines(reader: Reader, unit: Attrs): SectionLine[] {
  const lines = reader
    .entries(reader.at(unit, "environment"), (name, slot): SectionLine | null =>
      force(slot) === null ? null : ["Environment", quoted(joinTexts([`${name}=`, reader.text(slot)]))],
    )
    .filter((found) => found !== null);
  const path = reader.list(reader.at(unit, "path"), (slot) => reader.text(slot));
  if (path.length === 0 || reader.attrs(reader.at(unit, "environment")).getByName("PATH") !== undefined) {
    return lines;
  }
  const directories = path.flatMap((found) => [found, "/bin:", found, "/sbin:"]);
  return [...lines, ["Environment", quoted(joinTexts(["PATH=", ...directories, distributionPath]))]];
}

/** In double quotes, with what systemd would expand or read as an escape kept as it is. */
function quoted({ text, references }: StoreText): StoreText {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("%", "%%");
  return { text: `"${escaped}"`, references };
}

/** Triggers may be anything: what counts is whether their text, or their JSON, is the same. */
function triggers(reader: Reader, slot: Slot): StoreText[] {
  return reader.list(slot, (element) => {
    const context = new Set<string>();
    const value = force(element);
    if (typeof value === "object" && value !== null) {
      const toJson = reader.evaluator.builtins.getByName("toJSON")!;
      return reader.text(reader.evaluator.call(toJson, element));
    }
    const text = reader.evaluator.coerceToString(element, noPos, "a value of the configuration", context, {
      coerceMore: true,
      copyToStore: true,
    });
    return { text, references: [] };
  });
}

/** The timers of services with `startAt`. */
function startAtTimers(reader: Reader, config: Attrs, units: readonly Unit[]): Unit[] {
  return reader
    .entries(reader.at(config, "systemd", "services"), (name, slot): Unit | null => {
      const option = `systemd.services.${name}.startAt`;
      const times = reader.strings(reader.at(reader.attrs(slot), "startAt"), option);
      if (times.length === 0 || units.some((unit) => unit.name === `${name}.timer`)) return null;
      return {
        name: `${name}.timer`,
        text: renderSection(
          "Timer",
          times.map((time) => line("OnCalendar", time)),
        ),
        strategy: "whole",
        enable: true,
        wantedBy: ["timers.target"],
        requiredBy: [],
        aliases: [],
        change: defaultUnitChange,
        restartTriggers: [],
        reloadTriggers: [],
      };
    })
    .filter((unit) => unit !== null);
}
