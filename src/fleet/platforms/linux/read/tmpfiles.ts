/** `systemd.tmpfiles.rules`. */
import { NixError } from "../../../../lang/eval/errors.ts";
import type { Attrs } from "../../../../lang/eval/value.ts";
import { joinTexts, type Reader } from "../../../reader.ts";
import type { StoreText } from "../system.ts";

const option = "systemd.tmpfiles.rules";

/** The text of a file of tmpfiles.d(5); null without any rules. */
export function readTmpfiles(reader: Reader, config: Attrs): StoreText | null {
  const rules = reader.list(reader.at(config, "systemd", "tmpfiles", "rules"), (slot) => reader.text(slot));
  for (const { text } of rules) checkRule(text);
  return rules.length === 0 ? null : joinTexts(rules.flatMap((rule) => [rule, "\n"]));
}

/** What systemd would only say at activation. */
function checkRule(rule: string): void {
  const [, path] =
    /^\s*[a-zA-Z][+!=~^$-]*\s+(?:"([^"]*)"|(\S+))/.exec(rule)?.filter((part) => part !== undefined) ?? [];
  if (path === undefined || !/^[/%]/.test(path))
    throw new NixError(
      "module",
      `'${option}': '${rule}' is not a rule: it must start with a type and an absolute path, e.g. "d /srv/backups 0750 backup backup -"`,
    );
  if (/^\/+etc(\/|$)/.test(path))
    throw new NixError(
      "module",
      `'${option}': '${rule}' is about /etc, where a roll-back could not undo it; use environment.etc`,
    );
}
