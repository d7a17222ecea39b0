/** Texts that options make, as files of the store. */
import type { ModuleArgs } from "../../../../modules/define.ts";
import type { StoreString } from "../../../../modules/store-string.ts";

export type Text = string | StoreString;

export function toFile(lib: ModuleArgs["lib"], name: string, contents: Text): StoreString {
  return (lib["toFile"] as (name: string, contents: Text) => StoreString)(name, contents);
}
