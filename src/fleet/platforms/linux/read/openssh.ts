/** `services.openssh` as the part of sshd's configuration that we add. */
import { NixError } from "../../../../lang/eval/errors.ts";
import { type Attrs, force, type Slot } from "../../../../lang/eval/value.ts";
import type { Reader } from "../../../reader.ts";
import { defaultAuthorizedKeysFiles, type SshdSetting, sshdConfig } from "../sshd-config.ts";
import type { Sshd } from "../system.ts";

/** null: sshd is left alone. */
export function readSshd(reader: Reader, config: Attrs): Sshd | null {
  const openssh = reader.attrs(reader.at(config, "services", "openssh"));
  if (!reader.bool(reader.at(openssh, "enable"))) return null;
  const settings = new Map<string, SshdSetting>(
    reader.entries(reader.at(openssh, "settings"), (keyword, slot) => [
      keyword,
      readSetting(reader, slot, `services.openssh.settings.${keyword}`),
    ]),
  );
  const ports = reader.list(reader.at(openssh, "ports"), (slot) => String(reader.integer(slot)));
  if (ports.length > 0 && !settings.has("Port")) settings.set("Port", ports);
  const extra = reader.plain(reader.at(openssh, "extraConfig"), "services.openssh.extraConfig");
  try {
    return { config: sshdConfig(settings, keysFiles(reader, openssh)) + extra };
  } catch (error) {
    if (error instanceof RangeError) throw new NixError("module", error.message, { cause: error });
    throw error;
  }
}

/** null: as sshd has it, and the files of this platform. */
function keysFiles(reader: Reader, openssh: Attrs): readonly string[] | null {
  const inHomedir = reader.bool(reader.at(openssh, "authorizedKeysInHomedir"));
  const more = reader.strings(
    reader.at(openssh, "authorizedKeysFiles"),
    "services.openssh.authorizedKeysFiles",
  );
  if (inHomedir && more.length === 0) return null;
  const standard = defaultAuthorizedKeysFiles.filter((file) => inHomedir || file.startsWith("/"));
  return [...new Set([...standard, ...more])];
}

function readSetting(reader: Reader, slot: Slot, option: string): SshdSetting {
  const value = force(slot);
  if (
    value === null ||
    typeof value === "boolean" ||
    typeof value === "bigint" ||
    typeof value === "number"
  ) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((element: Slot) => {
      const text = readSetting(reader, element, option);
      return typeof text === "boolean" ? (text ? "yes" : "no") : String(text);
    });
  }
  return reader.plain(slot, option);
}
