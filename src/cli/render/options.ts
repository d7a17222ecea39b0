/** Options as text for people, and as the Markdown of the reference. */
import type { DocumentedOption } from "../../fleet/network/reference.ts";

export function renderOptions(options: readonly DocumentedOption[]): string {
  return options.map(renderOption).join("\n\n");
}

function renderOption(option: DocumentedOption): string {
  const facts: [string, string | null][] = [
    ["type", option.type + (option.readOnly ? " (read only)" : "")],
    ["default", option.default],
    ["example", option.example],
    ["declared in", option.declarations.join(", ")],
    ["defined in", option.definitions.join(", ")],
  ];
  const shown = facts.flatMap(([name, value]) =>
    value === null || value === "" ? [] : [`  ${name}: ${value.replaceAll("\n", "\n    ")}`],
  );
  const description = option.description?.split("\n").map((line) => `  ${line}`.trimEnd()) ?? [];
  return [option.name, ...description, ...shown].join("\n");
}

/** One section for each option. `link` makes the Markdown of a place. */
export function optionsMarkdown(
  options: readonly DocumentedOption[],
  link: (place: string) => string = (place) => `\`${place}\``,
): string {
  return options.map((option) => section(option, link)).join("\n");
}

function section(option: DocumentedOption, link: (place: string) => string): string {
  const facts: [string, string | null][] = [
    ["Type", `${option.type}${option.readOnly ? " (read only)" : ""}`],
    ["Default", option.default === null ? null : code(option.default)],
    ["Example", option.example === null ? null : code(option.example)],
    ["Declared in", option.declarations.map(link).join(", ")],
    ["Defined in", option.definitions.map(link).join(", ")],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === null || value === "" ? [] : [`- ${name}: ${value}`],
  );
  const description = option.description === null ? [] : [option.description, ""];
  return [`## \`${option.name}\``, "", ...description, ...lines, ""].join("\n");
}

function code(text: string): string {
  return text.includes("\n") ? `\n\n  \`\`\`nix\n${text.replaceAll(/^/gm, "  ")}\n  \`\`\`\n` : `\`${text}\``;
}
