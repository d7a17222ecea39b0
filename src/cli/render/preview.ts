/** What a deployment would change, for people. */
import type { ClosureChange, Foreseen, PackageChange, Preview, UnitChanges } from "../../events/preview.ts";

/** Packages whose versions stay are shown only when their sizes change by more (as `nix store diff-closures`). */
const noticeable = 8 * 1024;

const marks = { added: "+", replaced: "!", changed: "~", removed: "-" } as const;

export function previewLines(preview: Preview): string[] {
  const { closure, files, installs, secrets, reboot, restart } = preview;
  return [
    ...section("closure", closure, closureHeading, (change) => packageLines(change)),
    ...list(
      "files",
      files.map(({ path, change }) =>
        change === "replaced"
          ? `${marks[change]} ${path} (the machine's own is put aside)`
          : `${marks[change]} ${path}`,
      ),
    ),
    ...section(
      "units",
      preview.units,
      (units) => (unitLines(units).length === 0 ? "none change" : ""),
      unitLines,
    ),
    ...list("packages to install", installs),
    ...list("secrets", [
      ...secrets.sent.map((name) => `+ ${name} (is sent)`),
      ...secrets.removed.map((name) => `- ${name}`),
    ]),
    ...(restart === null
      ? section("reboot", reboot, rebootHeading, () => [])
      : [`reboot: the machine would be restarted into the new system (${restart})`]),
  ];
}

function rebootHeading(parts: readonly string[]): string {
  return parts.length === 0 ? "not needed" : `needed for ${parts.join(", ")}`;
}

function section<T>(
  title: string,
  foreseen: Foreseen<T>,
  heading: (value: T) => string,
  lines: (value: T) => readonly string[],
): string[] {
  if (!foreseen.known) return [`${title}: ${foreseen.why}`];
  return [
    `${title}: ${heading(foreseen.value)}`.trimEnd(),
    ...lines(foreseen.value).map((line) => `  ${line}`),
  ];
}

function list(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

function closureHeading({ added, removed, sizeDifference }: ClosureChange): string {
  if (added.length + removed.length === 0) return "the same";
  const paths = `${added.length} ${added.length === 1 ? "path" : "paths"} added, ${removed.length} removed`;
  return `${paths}, ${sizeText(sizeDifference)}`;
}

function packageLines({ packages }: ClosureChange): string[] {
  const shown = packages.filter(isNoticeable);
  const rest = packages.length - shown.length;
  return [
    ...shown.map(packageLine),
    ...(rest === 0 ? [] : [`${rest} ${rest === 1 ? "package" : "packages"} rebuilt in the same version`]),
  ];
}

function isNoticeable({ before, after, sizeDifference }: PackageChange): boolean {
  return !sameVersions(before, after) || Math.abs(sizeDifference) >= noticeable;
}

function sameVersions(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((version, index) => version === after[index]);
}

function packageLine({ name, before, after, sizeDifference }: PackageChange): string {
  const size = sizeText(sizeDifference);
  if (sameVersions(before, after)) return `${name}: ${size}`;
  // Without versions there is nothing to say but that.
  if (before.length === 0 && after.join("") === "") return `${name}: added, ${size}`;
  if (after.length === 0 && before.join("") === "") return `${name}: removed, ${size}`;
  return `${name}: ${versionsText(before)} -> ${versionsText(after)}, ${size}`;
}

function versionsText(versions: readonly string[]): string {
  return versions.length === 0 ? "none" : versions.map((version) => version || "(no version)").join(", ");
}

const unitWords: Readonly<Record<keyof UnitChanges, string>> = {
  stop: "stop",
  restart: "restart",
  reload: "reload",
  start: "start",
  keep: "changed, not restarted",
};

function unitLines(units: UnitChanges): string[] {
  return (Object.keys(unitWords) as (keyof UnitChanges)[]).flatMap((kind) =>
    units[kind].length === 0 ? [] : [`${unitWords[kind]}: ${units[kind].join(", ")}`],
  );
}

/** `+1.2 MiB` */
export function sizeText(bytes: number): string {
  const sign = bytes < 0 ? "-" : "+";
  const size = Math.abs(bytes);
  if (size < 1024) return `${sign}${size} B`;
  return size < 1024 * 1024
    ? `${sign}${(size / 1024).toFixed(1)} KiB`
    : `${sign}${(size / 1024 / 1024).toFixed(1)} MiB`;
}
