/** All builtin functions. */
import { attrsFamily } from "./attrs.ts";
import type { BuiltinFamily } from "./builtin.ts";
import { contextFamily } from "./context.ts";
import { controlFamily } from "./control.ts";
import { hashingFamily } from "./hashing.ts";
import { jsonFamily } from "./json.ts";
import { listsFamily } from "./lists.ts";
import { numbersFamily } from "./numbers.ts";
import { stringsFamily } from "./strings.ts";
import { tomlFamily } from "./toml.ts";
import { versionsFamily } from "./versions.ts";
import { xmlFamily } from "./xml.ts";

export const families: readonly BuiltinFamily[] = [
  attrsFamily,
  contextFamily,
  controlFamily,
  hashingFamily,
  jsonFamily,
  listsFamily,
  numbersFamily,
  stringsFamily,
  tomlFamily,
  versionsFamily,
  xmlFamily,
];
