/** All builtin functions. */
import { attrsFamily } from "./attrs.ts";
import type { BuiltinFamily } from "./builtin.ts";
import { contextFamily } from "./context.ts";
import { controlFamily } from "./control.ts";
import { derivationFamily } from "./derivation.ts";
import { fetchFamily } from "./fetch.ts";
import { fetchTreeFamily } from "./fetch-tree.ts";
import { flakesFamily } from "./flakes.ts";
import { hashingFamily } from "./hashing.ts";
import { jsonFamily } from "./json.ts";
import { listsFamily } from "./lists.ts";
import { numbersFamily } from "./numbers.ts";
import { pathsFamily } from "./paths.ts";
import { stringsFamily } from "./strings.ts";
import { tomlFamily } from "./toml.ts";
import { versionsFamily } from "./versions.ts";
import { xmlFamily } from "./xml.ts";

export const families: readonly BuiltinFamily[] = [
  attrsFamily,
  contextFamily,
  controlFamily,
  derivationFamily,
  fetchFamily,
  fetchTreeFamily,
  flakesFamily,
  hashingFamily,
  jsonFamily,
  listsFamily,
  numbersFamily,
  pathsFamily,
  stringsFamily,
  tomlFamily,
  versionsFamily,
  xmlFamily,
];
