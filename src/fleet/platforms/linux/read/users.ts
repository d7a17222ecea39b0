/** `users.users` and `users.groups`. */

import { NixError } from "../../../../lang/eval/errors.ts";
import type { Attrs, Slot } from "../../../../lang/eval/value.ts";
import { noPos } from "../../../../lang/syntax/positions.ts";
import { fromBytes } from "../../../../store/bytes.ts";
import type { Reader } from "../../../reader.ts";
import type { Group, User } from "../system.ts";

/** Where an account of its own kind has no say in it. */
interface Defaults {
  readonly group: string | null;
  readonly home: string | null;
  readonly createHome: boolean;
  readonly shell: string | null;
}

export function readUsers(reader: Reader, config: Attrs): User[] {
  const users = reader.entries(reader.at(config, "users", "users"), (name, slot) =>
    readUser(reader, name, reader.attrs(slot)),
  );
  return users;
}

export function readGroups(reader: Reader, config: Attrs): Group[] {
  return reader.entries(reader.at(config, "users", "groups"), (name, slot) => {
    const group = reader.attrs(slot);
    const option = `users.groups.${name}`;
    return {
      name: reader.nullOr(reader.at(group, "name"), (value) => reader.plain(value, `${option}.name`)) ?? name,
      gid: reader.nullOr(reader.at(group, "gid"), (value) => reader.integer(value)),
      members: reader.strings(reader.at(group, "members"), `${option}.members`),
    };
  });
}

function readUser(reader: Reader, attribute: string, user: Attrs): User {
  const option = `users.users.${attribute}`;
  const at = (key: string): Slot => reader.at(user, key);
  const textOrNull = (key: string) =>
    reader.nullOr(at(key), (slot) => reader.plain(slot, `${option}.${key}`));
  const name = textOrNull("name") ?? attribute;
  const isNormalUser = reader.bool(at("isNormalUser"));
  const isSystemUser = reader.bool(at("isSystemUser"));
  if (name !== "root" && isNormalUser === isSystemUser) {
    throw new NixError(
      "module",
      `exactly one of '${option}.isNormalUser' and '${option}.isSystemUser' must be set to true`,
    );
  }
  const defaults = accountDefaults(name, isNormalUser);
  const group = textOrNull("group") ?? defaults.group;
  if (name !== "root" && group === null) {
    throw new NixError(
      "module",
      `'${option}.group' is not set; name the account's primary group, e.g. '${option}.group = "${name}"; users.groups.${name} = { };'`,
    );
  }
  return {
    name,
    uid: reader.nullOr(at("uid"), (slot) => reader.integer(slot)),
    group,
    extraGroups: reader.strings(at("extraGroups"), `${option}.extraGroups`),
    home: textOrNull("home") ?? defaults.home,
    createHome: reader.nullOr(at("createHome"), (slot) => reader.bool(slot)) ?? defaults.createHome,
    shell: textOrNull("shell") ?? defaults.shell,
    description: reader.plain(at("description"), `${option}.description`),
    isSystemUser,
    hashedPassword: textOrNull("hashedPassword"),
    hashedPasswordFile: reader.nullOr(at("hashedPasswordFile"), (slot) => reader.text(slot)),
    authorizedKeys: authorizedKeys(reader, user, option),
  };
}

function accountDefaults(name: string, isNormalUser: boolean): Defaults {
  return isNormalUser
    ? { group: "users", home: `/home/${name}`, createHome: true, shell: "/bin/bash" }
    : { group: null, home: null, createHome: false, shell: null };
}

function authorizedKeys(reader: Reader, user: Attrs, option: string): string[] {
  const given = reader.at(user, "openssh", "authorizedKeys");
  const sets = reader.attrs(given);
  const keys = reader.strings(reader.at(sets, "keys"), `${option}.openssh.authorizedKeys.keys`);
  const files = reader.list(reader.at(sets, "keyFiles"), (slot) =>
    reader.evaluator.coerceToPath(slot, noPos, "a value of the configuration", new Set()),
  );
  const fromFiles = files.flatMap((path) =>
    fromBytes(reader.evaluator.host.readFile(path))
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
  return [...new Set([...keys.map((key) => key.trim()).filter((key) => key !== ""), ...fromFiles])];
}
