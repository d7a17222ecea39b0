/** The result of `nixus dns check` as a table. */
import type { ZoneCheck } from "../../deploy/dns/check.ts";

const heads = ["zone", "node", "", "address", "serial", "result"];

export function renderDnsChecks(checks: readonly ZoneCheck[]): string {
  const rows = checks.flatMap((check) => {
    const [first = "", ...more] = results(check);
    const { zone, node, role, address, serial } = check;
    return [
      [zone, node, role, address, serial === null ? "-" : String(serial), first],
      ...more.map((result) => ["", "", "", "", "", result]),
    ];
  });
  const widths = heads.map((head, column) =>
    Math.max(...[head, ...rows.map((row) => row[column] ?? "")].map((cell) => cell.length)),
  );
  return [heads, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

function results({ differences, unreachable, compared }: ZoneCheck): readonly string[] {
  if (unreachable) return ["cannot be asked from here"];
  return differences.length === 0 ? [`ok, ${compared} sets of records`] : differences.map(printable);
}

/** What a server answers may hold anything; the terminal gets what it can show. */
function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, "0")}`);
}
