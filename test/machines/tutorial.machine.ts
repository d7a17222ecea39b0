/** docs/tutorial.md as it stands: its files are written, its commands run, and their output is what it says. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "./lib/index.ts";

const project = resolve(import.meta.dirname, "../..");
const program = join(project, "dist/cli/main.js");
const tutorial = readFileSync(join(project, "docs/tutorial.md"), "utf8");

type Step =
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  | { readonly kind: "command"; readonly command: string; readonly output: readonly string[] };

/** The blocks with language nix or console, in their order. */
function stepsOf(text: string): Step[] {
  return [...text.matchAll(/```(nix|console)\n(.*?)```/gs)].flatMap(([, language, block = ""]): Step[] => {
    if (language === "nix") {
      const name = /^# (\S+)\n/.exec(block)?.[1];
      if (name === undefined) throw new Error(`a file of the tutorial has no name: ${block}`);
      return [{ kind: "file", name, text: block }];
    }
    return block
      .split(/^\$ /m)
      .slice(1)
      .map((one): Step => {
        const [command = "", ...output] = one.trimEnd().split("\n");
        return { kind: "command", command, output };
      });
  });
}

/** What is another each time. */
const variable: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-z]{32}-/g, "HASH-"],
  [/\d{4}-\d\d-\d\dT[\d:]+Z/g, "TIME"],
  [/\bby \S+@\S+,/g, "by SOMEBODY,"],
  [/\bin \d+ s\b/g, "in N s"],
  [/\b(\d+) milliseconds/g, "N milliseconds"],
  [/time=[\d.]+ ms/g, "time=N ms"],
  [/[A-Za-z0-9+/]{43}=/g, "KEY"],
];
const constant = (line: string) => variable.reduce((text, [what, by]) => text.replace(what, by), line);

/** Lines as the tutorial has them; `...` stands for any number of them. */
function pattern(lines: readonly string[]): RegExp {
  const parts = lines.map((line) =>
    line === "..." ? "(?:.*\\n)*?" : `${constant(line).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\n`,
  );
  return new RegExp(`^${parts.join("")}$`);
}

let lab: Lab;
let directory: string;

beforeAll(async () => {
  lab = await Lab.start({
    machines: ["foo.example.com", "bar.example.com"].map((name) => ({ name, image: "debian-services" })),
  });
  const programs = mkdtempSync(join(lab.home, "bin-"));
  writeFileSync(join(programs, "nixus"), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`, {
    mode: 0o755,
  });
  directory = programs;
});
afterAll(() => lab?.stop());

test("the tutorial is true", async () => {
  const fleet = join(lab.home, "fleet");
  for (const step of stepsOf(tutorial)) {
    if (step.kind === "file") {
      writeFileSync(join(fleet, step.name), step.text);
      continue;
    }
    const { command, output } = step;
    const shell = `PATH='${directory}':$PATH; cd ~/fleet 2>/dev/null; exec 2>&1; ${command}`;
    const { stdout } = await lab.run(["bash", "-c", shell]);
    expect(`$ ${command}\n${constant(stdout)}`).toMatch(
      new RegExp(
        `^\\$ ${command.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\n${pattern(output).source.slice(1)}`,
      ),
    );
  }
}, 280_000);
