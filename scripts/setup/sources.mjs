// Where this machine gets Debian from, so that the base image comes from the same mirror.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * One-line apt sources (sources.list(5)) for the archive areas of a suite that this machine is set up with; none when
 * it runs another release, and the tool's own default has to do.
 * @param {string} suite a code name like "bookworm"
 * @param {string} [directory] apt's configuration directory
 * @returns {string[]}
 */
export function debianSources(suite, directory = "/etc/apt") {
  const suites = new Set([suite, `${suite}-updates`, `${suite}-security`]);
  const parts = join(directory, "sources.list.d");
  const files = [
    join(directory, "sources.list"),
    ...(existsSync(parts)
      ? readdirSync(parts)
          .sort()
          .map((name) => join(parts, name))
      : []),
  ].filter((file) => existsSync(file));
  const entries = files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".sources")) return deb822Entries(text);
    return file.endsWith(".list") ? oneLineEntries(text) : [];
  });
  const usable = entries.filter((entry) => suites.has(entry.suite) && entry.components.includes("main"));
  const lines = usable.map(({ options, uri, suite }) => `deb ${options}${uri} ${suite} main`);
  return usable.some((entry) => entry.suite === suite) ? [...new Set(lines)] : [];
}

/** @typedef {{ options: string, uri: string, suite: string, components: string[] }} Entry */

/**
 * @param {string} text
 * @returns {Entry[]}
 */
function oneLineEntries(text) {
  return text.split("\n").flatMap((line) => {
    const match = /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.replace(/#.*/, "").trim());
    if (!match) return [];
    const [, options = "", uri = "", suite = "", components = ""] = match;
    return [{ options, uri, suite, components: components.split(/\s+/) }];
  });
}

/**
 * @param {string} text
 * @returns {Entry[]}
 */
function deb822Entries(text) {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    /** @type {Map<string, string>} */
    const fields = new Map();
    let field = "";
    for (const line of stanza.split("\n")) {
      if (line.startsWith("#")) continue;
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (match) {
        field = (match[1] ?? "").toLowerCase();
        fields.set(field, match[2] ?? "");
      } else if (/^\s/.test(line)) fields.set(field, `${fields.get(field) ?? ""} ${line.trim()}`);
    }
    /** @param {string} name */
    const words = (name) => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
    if (!words("types").includes("deb") || fields.get("enabled")?.toLowerCase() === "no") return [];
    const keys = words("signed-by");
    // A key may also stand in the stanza itself, which the one-line format cannot say: apt's own trust has to do then.
    const options =
      keys.length > 0 && keys.every((key) => key.startsWith("/")) ? `[signed-by=${keys.join(",")}] ` : "";
    return words("uris").flatMap((uri) =>
      words("suites").map((suite) => ({ options, uri, suite, components: words("components") })),
    );
  });
}
