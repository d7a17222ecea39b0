/** `environment.etc` and what other options make of /etc/hosts and /etc/ssh/ssh_known_hosts. */
import { NixError } from "../../../../lang/eval/errors.ts";
import type { Attrs } from "../../../../lang/eval/value.ts";
import { joinTexts, type Reader } from "../../../reader.ts";
import type { EtcContents, EtcFile, EtcMode } from "../system.ts";
import { readKnownHosts } from "./known-hosts.ts";
import { readSudo } from "./sudo.ts";

export function readEtc(reader: Reader, config: Attrs): EtcFile[] {
  const files = reader.entries(reader.at(config, "environment", "etc"), (name, slot) =>
    readFile(reader, name, reader.attrs(slot)),
  );
  return [
    ...files,
    readHosts(reader, config),
    readKnownHosts(reader, config),
    readSudo(reader, config),
  ].filter((file) => file !== null);
}

function readFile(reader: Reader, name: string, file: Attrs): EtcFile | null {
  const option = `environment.etc."${name}"`;
  if (!reader.bool(reader.at(file, "enable"))) return null;
  const target = reader.nullOr(reader.at(file, "target"), (slot) => reader.plain(slot, `${option}.target`));
  return {
    path: target ?? name,
    contents: readContents(reader, file, option),
    mode: readMode(reader, file, option),
  };
}

function readContents(reader: Reader, file: Attrs, option: string): EtcContents {
  const text = reader.nullOr(reader.at(file, "text"), (slot) => reader.text(slot));
  const source = reader.nullOr(reader.at(file, "source"), (slot) => reader.text(slot));
  if (text !== null && source !== null) {
    throw new NixError("module", `both '${option}.text' and '${option}.source' are set; set one of them`);
  }
  if (text !== null) return { type: "text", text };
  if (source !== null) return { type: "source", source };
  throw new NixError("module", `'${option}' has neither a text nor a source; set one of them`);
}

function readMode(reader: Reader, file: Attrs, option: string): EtcMode {
  const mode = reader.plain(reader.at(file, "mode"), `${option}.mode`);
  if (mode === "symlink" || mode === "direct-symlink") return { type: "symlink" };
  return {
    type: "copy",
    mode: mode.padStart(4, "0"),
    user: reader.plain(reader.at(file, "user"), `${option}.user`),
    group: reader.plain(reader.at(file, "group"), `${option}.group`),
  };
}

function readHosts(reader: Reader, config: Attrs): EtcFile | null {
  const hosts = reader.entries(reader.at(config, "networking", "hosts"), (address, slot) => {
    const names = reader.strings(slot, `networking.hosts."${address}"`);
    return names.length === 0 ? "" : `${address} ${names.join(" ")}\n`;
  });
  const extra = reader.text(reader.at(config, "networking", "extraHosts"));
  const text = joinTexts([...hosts, extra]);
  if (text.text === "") return null;
  return { path: "hosts", contents: { type: "text", text }, mode: { type: "append" } };
}
