import { buildCommand } from "@stricli/core";
import { AttrPathError, parseAttrPath } from "../../fleet/attr-path.ts";
import type { DocumentedOption } from "../../fleet/network/reference.ts";
import { nearest } from "../../modules/nearest.ts";
import type { Context } from "../context.ts";
import { UsageError, UserError } from "../errors.ts";
import { evaluate, evaluationOptions } from "../evaluation/client.ts";
import { networkFileOrEmpty } from "../network-file.ts";
import { optionsMarkdown, renderOptions } from "../render/options.ts";
import * as text from "../text.ts";
import { evalCacheFlag, fileFlag, jsonFlag, showTraceFlag, switchFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly json: boolean;
  readonly markdown: boolean;
  readonly showTrace: boolean;
  readonly evalCache: boolean;
}

export const optionsCommand = buildCommand<Flags, [pattern?: string], Context>({
  async func(flags, pattern) {
    const { stdout } = this.process;
    if (flags.json && flags.markdown) throw new UsageError("give one of --json and --markdown");
    const { options } = await evaluate(
      { kind: "options", file: networkFileOrEmpty(flags.file, this.process.cwd()) },
      evaluationOptions(this.process, flags),
    );
    const chosen = pattern === undefined ? options : matching(options, pattern);
    if (flags.json) stdout.write(`${JSON.stringify(chosen, null, 2)}\n`);
    else stdout.write(flags.markdown ? optionsMarkdown(chosen) : `${renderOptions(chosen)}\n`);
  },
  parameters: {
    flags: {
      file: fileFlag,
      json: jsonFlag,
      markdown: switchFlag(text.options.markdown),
      showTrace: showTraceFlag,
      evalCache: evalCacheFlag,
    },
    aliases: { f: "file" },
    positional: {
      kind: "tuple",
      parameters: [{ brief: text.options.pattern, parse: String, placeholder: "pattern", optional: true }],
    },
  },
  docs: { brief: text.options.brief, customUsage: ["[PATTERN]"] },
});

/**
 * Options whose name contains the pattern. A `*` stands for anything, and `nodes.foo.host` means `nodes.<name>.host`,
 * `nodes.foo` all below `nodes.<name>`, where there is no option of the name itself.
 */
export function matching(options: readonly DocumentedOption[], pattern: string): DocumentedOption[] {
  const found = options.filter(({ name }) => matcher(pattern).test(name));
  if (found.length > 0) return found;
  const concrete = options.filter(({ name }) => isPlaceOf(name, pattern));
  if (concrete.length > 0) return concrete;
  const names = options.map(({ name }) => name);
  const near = nearest(pattern, [...new Set([...names, ...names.map((name) => name.split(".").at(-1)!)])]);
  const hint = near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
  throw new UserError(`no option's name contains '${pattern}'${hint}`);
}

function matcher(pattern: string): RegExp {
  return new RegExp(pattern.split("*").map(literally).join(".*"), "i");
}

/** Whether the path, of names as in a network, leads to the option or to a set that it is in. */
function isPlaceOf(name: string, path: string): boolean {
  const parts = name.split(".");
  const names = namesOf(path);
  return (
    names.length > 0 &&
    names.length <= parts.length &&
    names.every((one, index) => /^<.*>$|^\*$/.test(parts[index]!) || parts[index] === one)
  );
}

function namesOf(path: string): readonly string[] {
  try {
    return parseAttrPath(path);
  } catch (error) {
    if (error instanceof AttrPathError) return [];
    throw error;
  }
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
