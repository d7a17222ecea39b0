/** Text for /etc/ssh/sshd_config.d from `services.openssh.settings` (sshd_config(5)). Pure. */

/** A value of `services.openssh.settings`; null leaves the keyword to the machine. Texts are byte strings. */
export type SshdSetting = boolean | bigint | number | string | readonly string[] | null;

/** sshd's own default (sshd_config(5)), and the files of this platform. %u and %h are expanded by sshd. */
export const defaultAuthorizedKeysFiles: readonly string[] = [
  ".ssh/authorized_keys",
  ".ssh/authorized_keys2",
  "/etc/ssh/authorized_keys.d/%u",
];

/**
 * Keywords whose list is written as separate words; the lists of all others are joined by commas
 * (Ciphers, KexAlgorithms, Macs ...).
 */
const wordLists = new Set([
  "acceptenv",
  "allowgroups",
  "allowusers",
  "authenticationmethods",
  "authorizedkeysfile",
  "authorizedprincipalsfile",
  "denygroups",
  "denyusers",
  "permitlisten",
  "permitopen",
  "permituserenvironment",
]);

/** Keywords that may be repeated: one line for each element of the list. */
const repeated = new Set(["hostkey", "listenaddress", "port", "setenv", "hostcertificate"]);

/**
 * One keyword a line in the order given. `authorizedKeysFiles` null leaves sshd's own default. Throws RangeError
 * for a keyword or value that would not stay on its line.
 */
export function sshdConfig(
  settings: ReadonlyMap<string, SshdSetting>,
  authorizedKeysFiles: readonly string[] | null,
): string {
  const lines: string[] = [];
  for (const [keyword, value] of settings) {
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(keyword))
      throw new RangeError(`services.openssh.settings: '${keyword}' is not a keyword of sshd_config`);
    if (/^(match|include)$/i.test(keyword))
      throw new RangeError(
        `services.openssh.settings: '${keyword}' is not a setting; put such lines into services.openssh.extraConfig`,
      );
    for (const text of settingTexts(keyword, value)) {
      if (/[\n\r\0]/.test(text))
        throw new RangeError(`services.openssh.settings.${keyword}: the value must be a single line`);
      lines.push(`${keyword} ${text}\n`);
    }
  }
  const given = [...settings].some(
    ([keyword, value]) => keyword.toLowerCase() === "authorizedkeysfile" && value !== null,
  );
  if (authorizedKeysFiles !== null && !given)
    lines.push(`AuthorizedKeysFile ${authorizedKeysFiles.join(" ")}\n`);
  return lines.join("");
}

function settingTexts(keyword: string, value: SshdSetting): string[] {
  if (value === null) return [];
  switch (typeof value) {
    case "boolean":
      return [value ? "yes" : "no"];
    case "bigint":
    case "number":
      return [String(value)];
    case "string":
      return [value];
    case "object": {
      if (value.length === 0) return [];
      const key = keyword.toLowerCase();
      if (repeated.has(key)) return [...value];
      return [value.join(wordLists.has(key) ? " " : ",")];
    }
  }
}
