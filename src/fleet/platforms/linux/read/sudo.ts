/** `security.sudo` as a file of sudoers(5). */
import { Attrs, force, type Slot } from "../../../../lang/eval/value.ts";
import { joinTexts, type Reader } from "../../../reader.ts";
import type { EtcFile, StoreText } from "../system.ts";

const option = "security.sudo.extraRules";

/** null: no rules. It is read after all others (sudoers(5): in lexical order), and copied, as mustBeCopied says. */
export function readSudo(reader: Reader, config: Attrs): EtcFile | null {
  const sudo = reader.attrs(reader.at(config, "security", "sudo"));
  if (!reader.bool(reader.at(sudo, "enable"))) return null;
  const rules = reader.list(reader.at(sudo, "extraRules"), (slot) => readRule(reader, reader.attrs(slot)));
  const text = joinTexts([...rules, reader.text(reader.at(sudo, "extraConfig"))]);
  if (text.text === "") return null;
  return {
    path: "sudoers.d/zz-nixus",
    contents: { type: "text", text },
    mode: { type: "copy", mode: "0440", user: "root", group: "root" },
  };
}

/** A line for each user and group: `alice ALL=(ALL:ALL) NOPASSWD: /usr/bin/id, /usr/bin/true`. */
function readRule(reader: Reader, rule: Attrs): StoreText {
  const plain = (key: string) => reader.plain(reader.at(rule, key), `${option}.${key}`);
  const commands = reader.list(reader.at(rule, "commands"), (slot) => readCommand(reader, slot));
  if (commands.length === 0) return { text: "", references: [] };
  const names = [
    ...reader.list(reader.at(rule, "users"), (slot) => account(reader, slot, "users")),
    ...reader.list(reader.at(rule, "groups"), (slot) => `%${account(reader, slot, "groups")}`),
  ];
  const allowed = commands.flatMap((command, index) => (index === 0 ? [command] : [", ", command]));
  return joinTexts(
    names.flatMap((name) => [`${name} ${plain("host")}=(${plain("runAs")}) `, ...allowed, "\n"]),
  );
}

function account(reader: Reader, slot: Slot, key: string): string {
  const value = force(slot);
  return typeof value === "bigint" ? `#${value}` : reader.plain(slot, `${option}.${key}`);
}

function readCommand(reader: Reader, slot: Slot): StoreText {
  if (!(force(slot) instanceof Attrs)) return reader.text(slot);
  const command = reader.attrs(slot);
  const tags = reader.strings(reader.at(command, "options"), `${option}.commands.options`);
  return joinTexts([...tags.map((tag) => `${tag}: `), reader.text(reader.at(command, "command"))]);
}
