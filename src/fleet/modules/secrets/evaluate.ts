/** The secrets of a node's final configuration, as plain data. */
import { type Attrs, force, type Slot } from "../../../lang/eval/value.ts";
import { fromText } from "../../../store/bytes.ts";
import type { EvaluatedSecret } from "../../evaluated.ts";
import type { Reader } from "../../reader.ts";
import { ResolvedSecret } from "./resolve.ts";
import { isUsed, stablePath } from "./secret.ts";

/** Of a value of `secrets.files`, in name order. */
export function resolvedSecrets(reader: Reader, files: Slot): ResolvedSecret["facts"][] {
  return reader.entries(files, (_, slot) => {
    const secret = force(slot);
    if (!(secret instanceof ResolvedSecret)) throw new Error("a secret that was not resolved");
    return secret.facts;
  });
}

/** None where a configuration comes from elsewhere, evaluated, and has no such option. */
export function secretsOf(reader: Reader, configuration: Attrs): ResolvedSecret["facts"][] {
  const secrets = configuration.getByName("secrets");
  const files = secrets === undefined ? undefined : reader.attrs(secrets).getByName("files");
  return files === undefined ? [] : resolvedSecrets(reader, files);
}

/** `closure`: the store paths that the node's system consists of; null when that was not evaluated. */
export function evaluateSecrets(
  reader: Reader,
  configuration: Attrs,
  closure: ReadonlySet<string> | null,
): EvaluatedSecret[] {
  const makes = (kind: "users" | "groups", name: string) =>
    name === "root" ||
    reader.attrs(reader.at(configuration, "users", kind)).getByName(fromText(name)) !== undefined;
  return secretsOf(reader, configuration).map((secret) => ({
    name: secret.name,
    owner: secret.owner,
    source: secret.source,
    digest: secret.digest,
    entry: secret.entry,
    pointer: secret.pointer,
    used: closure === null || isUsed(secret, closure),
    path: stablePath(secret),
    binary: secret.binary,
    makesUser: makes("users", secret.entry.user),
    makesGroup: makes("groups", secret.entry.group),
  }));
}
