/** Builders of systems for tests. */
import {
  defaultUnitChange,
  type EtcFile,
  emptySystem,
  type Group,
  type LinuxSystem,
  type StoreText,
  type Unit,
  type User,
} from "../../../src/fleet/platforms/linux/system.ts";

export function text(contents: string, references: readonly string[] = []): StoreText {
  return { text: contents, references };
}

export function system(parts: Partial<LinuxSystem>): LinuxSystem {
  return { ...emptySystem("x86_64-linux"), ...parts };
}

export function etcText(
  path: string,
  contents: string,
  mode: EtcFile["mode"] = { type: "symlink" },
): EtcFile {
  return { path, contents: { type: "text", text: text(contents) }, mode };
}

export function copied(mode: string, user = "root", group = "root"): EtcFile["mode"] {
  return { type: "copy", mode, user, group };
}

export function unit(name: string, contents: string, parts: Partial<Unit> = {}): Unit {
  return {
    name,
    text: text(contents),
    strategy: "whole",
    enable: true,
    wantedBy: [],
    requiredBy: [],
    aliases: [],
    change: defaultUnitChange,
    restartTriggers: [],
    reloadTriggers: [],
    ...parts,
  };
}

export function user(name: string, parts: Partial<User> = {}): User {
  return {
    name,
    uid: null,
    group: "users",
    extraGroups: [],
    home: `/home/${name}`,
    createHome: true,
    shell: "/bin/sh",
    description: "",
    isSystemUser: false,
    hashedPassword: null,
    hashedPasswordFile: null,
    authorizedKeys: [],
    ...parts,
  };
}

export function group(name: string, parts: Partial<Group> = {}): Group {
  return { name, gid: null, members: [], ...parts };
}
