/** Options that name a file with a private key on a machine: what else they could be set to, which would lay it open. */
import { SourcePath, StoreString } from "../../../modules/store-string.ts";
import { t } from "../../../modules/types/index.ts";

/** Paths are taken as well, to say what is wrong with them. */
export const keyFileType = t.nullOr(t.either(t.str, t.path));

type KeyFile = string | StoreString | SourcePath;

/**
 * What is wrong with it. The message doesn't show the value, which may be the key. `secretNames`:
 * those in `secrets.files` of the node, whose pointers are in the store as they should be.
 */
export function keyFileProblem(
  option: string,
  file: KeyFile,
  node: string,
  secretNames: () => readonly string[],
): string[] {
  const open = `where everybody can read the key; write the place on '${node}' as a text, in quotes, or 'secrets.files.<name>.file' of its configuration`;
  if (file instanceof SourcePath)
    return [`'${option}' is a path, which would be copied to the store, ${open}`];
  if (file instanceof StoreString) {
    const [, secret] = /^\/nix\/store\/[0-9a-z]{32}-secret-(.+)$/.exec(file.textWithoutReferences) ?? [];
    if (secret !== undefined && secretNames().includes(secret)) return [];
    return [`'${option}' is in the store, ${open}`];
  }
  if (file.startsWith("/nix/store/")) return [`'${option}' is in the store, ${open}`];
  if (file.startsWith("/")) return [];
  return [
    `'${option}' is not an absolute path; set it to the file on '${node}' with the key, not to the key itself`,
  ];
}

/** For those who use it, where it is sound. */
export function keyFileText(file: KeyFile): string | StoreString {
  return file instanceof SourcePath ? file.path : file;
}
