/** An explanation of a value as text for people. */
import type { Explanation, TracedDefinition } from "../../fleet/network/explain.ts";
import type { DefinitionReport } from "../../modules/explained.ts";

export function renderExplanation({ path, value, option, definitions }: Explanation): string {
  const lines = [`${path} = ${value}`, ""];
  if (option === null) lines.push("  no option of this name is declared");
  else {
    const part = option.name === path ? "" : ` (it is a part of the option ${option.name})`;
    lines.push(`  type: ${option.type}${part}`);
    if (option.declarations.length > 0) lines.push(`  declared in ${option.declarations.join(", ")}`);
  }
  lines.push("", definitions.length === 0 ? "  nothing defines it" : "  defined by");
  for (const definition of definitions) lines.push(...renderDefinition(definition));
  return lines.join("\n");
}

function renderDefinition(definition: TracedDefinition): string[] {
  const { origin } = definition;
  const lines = [`  - ${headline(definition)}`, ...indented(definition.value, "      ")];
  if (!isAt(definition, definition.module)) lines.push(`      by the module ${definition.module}`);
  if (origin !== null) {
    const [, ...imported] = origin.imports;
    for (const file of imported.reverse()) lines.push(`      in ${file}, which is imported`);
    lines.push(`      through ${origin.option}, defined at ${headline(origin.definition)}`);
  }
  for (const cause of definition.causes) {
    lines.push(`      because of ${cause.option} = ${cause.value.replaceAll(/\s+/g, " ")}`);
    lines.push(`        defined at ${headline(cause)}`);
  }
  return lines;
}

function headline(definition: DefinitionReport): string {
  const words = [definition.property, definition.order].filter((word) => word !== null).join(", ");
  const marks = [...(words === "" ? [] : [words]), ...(definition.discarded ? ["discarded"] : [])];
  return marks.length === 0 ? definition.place : `${definition.place} (${marks.join("; ")})`;
}

/** Whether the place says the file already. */
function isAt({ place }: DefinitionReport, module: string): boolean {
  return place.startsWith(module);
}

function indented(text: string, by: string): string[] {
  return text.split("\n").map((line) => by + line);
}
