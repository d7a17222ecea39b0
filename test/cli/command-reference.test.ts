import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { runApp } from "../../src/cli/app.ts";
import { help as instantiateHelp } from "../../src/cli/instantiate/flags.ts";
import { help as replHelp } from "../../src/cli/repl/flags.ts";

async function helpOf(words: readonly string[], colorDepth = 1): Promise<string> {
  let printed = "";
  const stream = {
    getColorDepth: () => colorDepth,
    write: (text: string) => {
      printed += text;
    },
  };
  const process = { stdout: stream, stderr: stream, env: {} } as unknown as NodeJS.Process;
  await runApp(process, [...words, "--help"]);
  return printed;
}

/** The names that the help of a group lists. */
function commandsIn(help: string): string[] {
  const list = help.split("\nCOMMANDS\n")[1] ?? "";
  return [...list.matchAll(/^ {2}([a-z-]+) {2}/gm)].map((match) => match[1]!);
}

/** They read their flags themselves (own-flags.ts). */
const ownHelp = new Map([
  ["repl", replHelp],
  ["nix-instantiate", instantiateHelp],
]);

async function sections(words: readonly string[]): Promise<string[]> {
  const help = ownHelp.get(words.join(" ")) ?? (await helpOf(words));
  const commands = commandsIn(help);
  if (commands.length === 0) return [`### nixus ${words.join(" ")}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\`\n`];
  return (await Promise.all(commands.map((command) => sections([...words, command])))).flat();
}

test("docs/reference/commands.md is up to date: npm run docs:reference writes it", async () => {
  const page = join(import.meta.dirname, "../../docs/reference/commands.md");
  const all = await sections([]);
  expect(all.length).toBeGreaterThan(25);
  const text = readFileSync(page, "utf8").replace(
    /(?<=docs:reference: begin -->\n).*(?=<!-- end -->)/s,
    `\n${all.join("\n")}\n`,
  );
  await expect(text).toMatchFileSnapshot(page);
});

test("help fits into 125 columns, and names no switch that is off", async () => {
  for (const section of await sections([])) {
    expect(section).not.toContain("default = false");
    expect(Math.max(...section.split("\n").map((line) => line.length))).toBeLessThanOrEqual(125);
  }
});

test("with colours it is the same text", async () => {
  const colored = await helpOf(["deploy"], 8);
  expect(colored).toContain("\u001b[");
  expect(stripVTControlCharacters(colored).replaceAll(/ +$/gm, "")).toBe(await helpOf(["deploy"]));
});
