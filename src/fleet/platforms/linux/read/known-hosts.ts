/** `programs.ssh.knownHosts` as /etc/ssh/ssh_known_hosts, the same text as on NixOS (sshd(8), SSH_KNOWN_HOSTS). */
import { NixError } from "../../../../lang/eval/errors.ts";
import type { Attrs } from "../../../../lang/eval/value.ts";
import { noPos } from "../../../../lang/syntax/positions.ts";
import { fromBytes } from "../../../../store/bytes.ts";
import type { Reader } from "../../../reader.ts";
import type { EtcFile } from "../system.ts";

/** null: no host is known, and the file stays as the machine has it. */
export function readKnownHosts(reader: Reader, config: Attrs): EtcFile | null {
  const lines = reader.entries(reader.at(config, "programs", "ssh", "knownHosts"), (name, slot) =>
    knownHostLine(reader, reader.attrs(slot), `programs.ssh.knownHosts."${name}"`),
  );
  if (lines.length === 0) return null;
  const text = `${lines.join("\n")}\n`;
  return {
    path: "ssh/ssh_known_hosts",
    contents: { type: "text", text: { text, references: [] } },
    mode: { type: "symlink" },
  };
}

function knownHostLine(reader: Reader, host: Attrs, option: string): string {
  const names = reader.strings(reader.at(host, "hostNames"), `${option}.hostNames`);
  if (names.length === 0)
    throw new NixError("module", `'${option}.hostNames' is empty; give the host a name`);
  const marker = reader.bool(reader.at(host, "certAuthority")) ? "@cert-authority " : "";
  return `${marker}${names.join(",")} ${readPublicKey(reader, host, option)}`;
}

function readPublicKey(reader: Reader, host: Attrs, option: string): string {
  const key = reader.nullOr(reader.at(host, "publicKey"), (slot) =>
    reader.plain(slot, `${option}.publicKey`),
  );
  const file = reader.nullOr(reader.at(host, "publicKeyFile"), (slot) =>
    reader.evaluator.coerceToPath(slot, noPos, "a value of the configuration", new Set()),
  );
  if (key !== null && file === null) return key;
  if (key === null && file !== null) return fromBytes(reader.evaluator.host.readFile(file));
  throw new NixError("module", `'${option}': set one of 'publicKey' and 'publicKeyFile'`);
}
