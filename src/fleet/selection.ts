/**
 * Selectors, by which nodes are named on the command line and in `after`: a name, a pattern (`web-*`, `db-?`), a tag
 * (`@web`, `@web-*`), and each of them with `!` in front for those that are left out.
 */
import { nearest } from "../modules/nearest.ts";

export interface Selectable {
  readonly name: string;
  readonly tags: readonly string[];
}

/** A selector fits no node. */
export class SelectionError extends Error {
  override readonly name = "SelectionError";
}

interface Selector {
  /** As it was written. */
  readonly word: string;
  readonly excludes: boolean;
  readonly of: "name" | "tag";
  readonly pattern: string;
}

/** Whether a word names one node, so that the node is meant even where a pattern would pass it over. */
export function isPlainName(word: string): boolean {
  return !/^[!@]|[*?]/.test(word);
}

/** Whether a node may be called so: it has to be a word that means it, and a part of paths. */
export function isNodeName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return isPlainName(name) && !/^-|[/\u0000-\u001f\u007f]|^\.{0,2}$/.test(name);
}

/**
 * The nodes that the words select, in the order of `nodes`. No words, or only such with `!`, begin with all nodes; one
 * that fits none is a SelectionError that says what may have been meant.
 */
export function select<N extends Selectable>(words: readonly string[], nodes: readonly N[]): N[] {
  const selectors = words.map(parseSelector);
  const included = selectors.filter(({ excludes }) => !excludes);
  const chosen = new Set(included.length === 0 ? nodes : included.flatMap((one) => matches(one, nodes)));
  for (const excluded of selectors.filter(({ excludes }) => excludes)) {
    for (const node of matches(excluded, nodes)) chosen.delete(node);
  }
  return nodes.filter((node) => chosen.has(node));
}

function parseSelector(word: string): Selector {
  const excludes = word.startsWith("!");
  const rest = excludes ? word.slice(1) : word;
  const of = rest.startsWith("@") ? "tag" : "name";
  const pattern = of === "tag" ? rest.slice(1) : rest;
  if (pattern === "")
    throw new SelectionError(`'${word}' names no node; write NAME, PATTERN*, @TAG or !NAME`);
  return { word, excludes, of, pattern };
}

function matches<N extends Selectable>(selector: Selector, nodes: readonly N[]): readonly N[] {
  const { of, pattern } = selector;
  const fits = matcher(pattern);
  const found = nodes.filter((node) => (of === "name" ? fits(node.name) : node.tags.some(fits)));
  if (found.length === 0) throw new SelectionError(fitsNone(selector, nodes));
  return found;
}

function matcher(pattern: string): (text: string) => boolean {
  const parts = pattern.split(/([*?])/).map((part) => {
    if (part === "*") return "[^]*";
    return part === "?" ? "[^]" : part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  const expression = new RegExp(`^${parts.join("")}$`, "u");
  return (text) => expression.test(text);
}

function fitsNone({ word, of, pattern }: Selector, nodes: readonly Selectable[]): string {
  const tags = [...new Set(nodes.flatMap((node) => node.tags))].sort();
  const names = nodes.map(({ name }) => name);
  const known = of === "tag" ? tags : names;
  const near = nearest(pattern, known).map((name) => (of === "tag" ? `@${name}` : name));
  // A tag without its mark, a name with one.
  if (of === "name" && tags.includes(pattern)) near.unshift(`@${pattern}`);
  if (of === "tag" && names.includes(pattern)) near.unshift(pattern);
  const subject = of === "tag" ? `no node has the tag '${pattern}'` : `the network has no node '${pattern}'`;
  const what = /[*?]/.test(pattern) ? `no node fits '${word}'` : subject;
  return `${what}; ${near.length > 0 ? `did you mean ${alternatives(near)}?` : has(of, known)}`;
}

function alternatives(words: readonly string[]): string {
  const quoted = words.slice(0, 3).map((word) => `'${word}'`);
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

function has(of: Selector["of"], known: readonly string[]): string {
  const shown = known.slice(0, 20).map((name) => (of === "tag" ? `@${name}` : name));
  const more = known.length > shown.length ? ` and ${known.length - shown.length} more` : "";
  if (of === "tag") return shown.length === 0 ? "none has any tag" : `tags are: ${shown.join(", ")}${more}`;
  return `it has: ${shown.join(", ") || "none"}${more}`;
}
