/** What `switch-to-configuration dry-activate` says about units, on both platforms. Pure. */
import type { UnitChanges } from "../../events/preview.ts";

/** Its words, as NixOS's programs print them. */
const announcements: Readonly<Record<string, keyof UnitChanges>> = {
  "would stop the following units": "stop",
  "would start the following units": "start",
  "would restart the following units": "restart",
  "would reload the following units": "reload",
  "would NOT stop the following changed units": "keep",
  "would NOT restart the following changed units": "keep",
};

/** Other lines say nothing of units. */
export function parseDryActivation(lines: readonly string[]): UnitChanges {
  const changes: Record<keyof UnitChanges, string[]> = {
    ...{ stop: [], start: [], restart: [], reload: [], keep: [] },
  };
  for (const line of lines) {
    const match = /^(would [^:]+): *(.+)$/.exec(line);
    const kind = match === null ? undefined : announcements[match[1]!];
    if (kind !== undefined) changes[kind].push(...match![2]!.split(/[,\s]+/).filter((name) => name !== ""));
  }
  return changes;
}
