/** Words of shell commands (POSIX.1-2017, Shell Command Language, 2.2 Quoting). */
import { NixString } from "../lang/eval/value.ts";
import { StoreString } from "../modules/store-string.ts";

/** One word, whatever is in it; references to the store stay. */
export function shellWord(word: string | StoreString | number): string | StoreString {
  if (word instanceof StoreString) {
    return new StoreString(new NixString(quoted(word.value.text), word.value.context));
  }
  return quoted(String(word));
}

function quoted(text: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
