/**
 * The lines that the target's scripts read (`manifest/` of a system). Fields are separated by one space, in account
 * lines by a colon; no field but a colon-separated one is empty. docs/reference/linux-activation.md describes them.
 */
import { createHash } from "node:crypto";
import { toBytes } from "../../../store/bytes.ts";
import { checkUnitName, LinuxSystemError } from "./names.ts";
import type { Group, KernelParameter, Unit, User } from "./system.ts";

/** What a managed path shall be. */
export type ManagedFile =
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | {
      readonly kind: "copy";
      readonly path: string;
      readonly mode: string;
      readonly user: string;
      readonly group: string;
      readonly source: string;
    }
  /** What the machine has, with the contents of `source` after it. */
  | { readonly kind: "append"; readonly path: string; readonly source: string }
  | { readonly kind: "absent"; readonly path: string }
  /** The machine's sshd_config, with an Include of sshd_config.d in front unless it has one. */
  | { readonly kind: "sshd-include"; readonly path: string };

export function fileLine(file: ManagedFile): string {
  switch (file.kind) {
    case "link":
      return `link ${file.path} - - - ${file.target}\n`;
    case "copy":
      return `copy ${file.path} ${file.mode} ${file.user} ${file.group} ${file.source}\n`;
    case "append":
      return `append ${file.path} - - - ${file.source}\n`;
    case "absent":
    case "sshd-include":
      return `${file.kind} ${file.path} - - - -\n`;
  }
}

/** undefined: no such line. */
export function parseFileLine(line: string): ManagedFile | undefined {
  const [kind, path = "", mode = "", user = "", group = "", source = ""] = line.trimEnd().split(" ");
  switch (kind) {
    case "link":
      return { kind, path, target: source };
    case "copy":
      return { kind, path, mode, user, group, source };
    case "append":
      return { kind, path, source };
    case "absent":
    case "sshd-include":
      return { kind, path };
    default:
      return undefined;
  }
}

/** All files by path. Refuses a path that is managed twice, or that lies below another managed path. */
export class ManagedFiles {
  readonly #files = new Map<string, { readonly file: ManagedFile; readonly option: string }>();

  add(option: string, file: ManagedFile): void {
    const other = this.#files.get(file.path);
    if (other !== undefined) {
      if (file.kind === "absent" && other.file.kind === "absent") return;
      throw new LinuxSystemError(option, `${file.path} is made by ${other.option} already`);
    }
    this.#files.set(file.path, { file, option });
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /** By path, in byte order. */
  sorted(): readonly ManagedFile[] {
    for (const [path, { file, option }] of this.#files) {
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
        const above = this.#files.get(path.slice(0, end));
        if (above !== undefined)
          throw new LinuxSystemError(
            option,
            `${file.path} lies below ${above.file.path}, which ${above.option} makes`,
          );
      }
    }
    return [...this.#files.values()]
      .map(({ file }) => file)
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }
}

/** 32 hexadecimal digits that stand for these texts. */
export function digest(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(toBytes(text));
  return hash.digest("hex").slice(0, 32);
}

/** How the unit is brought up to date while it runs; the words of units.sh. */
function changePolicy(unit: Unit): string {
  if (!unit.enable) return "mask";
  const suffix = unit.name.slice(unit.name.lastIndexOf(".") + 1);
  // A template does not run; its instances keep their definition until they are restarted.
  if (unit.name.includes("@.") || suffix === "target" || suffix === "slice" || suffix === "swap")
    return "none";
  if (linksOnly(unit)) return "none";
  if (unit.change.reloadIfChanged || suffix === "mount") return "reload";
  if (!unit.change.restartIfChanged) return "keep";
  if (suffix === "socket") return "socket";
  return unit.change.stopIfChanged && suffix === "service" ? "stop-start" : "restart";
}

/** A distribution unit that is only enabled, with its definition left alone. */
function linksOnly(unit: Unit): boolean {
  return unit.strategy === "drop-in" && unit.text.text === "" && unit.enable;
}

/** `NAME POLICY VERSION RELOAD-VERSION STRATEGY WANTED-BY`. */
export function unitLine(unit: Unit): string {
  const version = digest([
    unit.strategy,
    String(unit.enable),
    unit.text.text,
    ...unit.restartTriggers.map(({ text }) => text),
  ]);
  const reloadVersion = digest(unit.reloadTriggers.map(({ text }) => text));
  const wanting = unit.enable && !unit.name.includes("@.") ? [...unit.wantedBy, ...unit.requiredBy] : [];
  for (const name of wanting) checkUnitName(`systemd.units."${unit.name}".wantedBy`, name);
  const strategy = linksOnly(unit) ? "links" : unit.strategy;
  return `${unit.name} ${changePolicy(unit)} ${version} ${reloadVersion} ${strategy} ${wanting.join(",") || "-"}\n`;
}

/** `NAME:UID:GROUP:HOME:SHELL:CREATE-HOME:SYSTEM:PASSWORD:DESCRIPTION`; PASSWORD is a hash, or `@` and its file. */
export function userLine(user: User): string {
  return `${[
    user.name,
    user.uid ?? "",
    user.group ?? "",
    user.home ?? "/nonexistent",
    user.shell ?? "",
    user.createHome && user.home !== null ? "1" : "0",
    user.isSystemUser ? "1" : "0",
    user.hashedPasswordFile === null ? (user.hashedPassword ?? "") : `@${user.hashedPasswordFile.text}`,
    user.description,
  ].join(":")}\n`;
}

/** `NAME:GID`. */
export function groupLine(group: Group): string {
  return `${group.name}:${group.gid ?? ""}\n`;
}

/** `GROUP:USER`, each once, in order. */
export function memberLines(users: readonly User[], groups: readonly Group[]): string {
  const lines = new Set<string>();
  for (const user of users) for (const group of user.extraGroups) lines.add(`${group}:${user.name}\n`);
  for (const group of groups) for (const member of group.members) lines.add(`${group.name}:${member}\n`);
  return [...lines].sort().join("");
}

/** `PATH VALUE`, the path below /proc/sys. */
export function kernelParameterLine({ path, value }: KernelParameter): string {
  const option = `boot.kernel.sysctl."${path}"`;
  if (/[\n\r\0]/.test(value)) throw new LinuxSystemError(option, "the value must be a single line");
  return `${path} ${value.trim()}\n`;
}
