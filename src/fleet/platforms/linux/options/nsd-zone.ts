/** `services.nsd.zones.<name>`: zones, and groups of them that have settings in common. */
import { NixError } from "../../../../lang/eval/errors.ts";
import { type ConfigOf, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import { fromText } from "../../../../store/bytes.ts";

const file = import.meta.url;

const strings = (description: string) => option({ type: t.listOf(t.str), default: [], description });
const numberOrNull = (description: string) => option({ type: t.nullOr(t.int), default: null, description });

const settings = {
  allowAXFRFallback: option({
    type: t.bool,
    default: true,
    description: "Whether a secondary fetches the whole zone when the primary does not send changes alone.",
  }),
  allowNotify: strings(
    "Who may say that the zone has changed: `ADDRESS KEY`, `ADDRESS NOKEY`, `ADDRESS BLOCKED`.",
  ),
  data: option({ type: t.lines, default: "", description: "The zone file's text." }),
  maxRefreshSecs: numberOrNull("Most seconds until a secondary asks the primary again."),
  minRefreshSecs: numberOrNull("Least seconds until a secondary asks the primary again."),
  maxRetrySecs: numberOrNull("Most seconds until a secondary asks again after a failure."),
  minRetrySecs: numberOrNull("Least seconds until a secondary asks again after a failure."),
  notify: strings("Secondaries that are told when the zone has changed: `ADDRESS KEY` or `ADDRESS NOKEY`."),
  notifyRetry: option({ type: t.int, default: 5, description: "How often that is tried." }),
  outgoingInterface: option({
    type: t.nullOr(t.str),
    default: null,
    description: "Address that transfers and notifications come from.",
  }),
  provideXFR: strings("Who may fetch the zone: `ADDRESS KEY`, `ADDRESS NOKEY`, `ADDRESS BLOCKED`."),
  requestXFR: strings(
    "Primaries to fetch the zone from: `ADDRESS KEY`, `AXFR ADDRESS NOKEY`, `UDP ADDRESS KEY`.",
  ),
  rrlWhitelist: strings("Kinds of questions to which the other rate limit applies (nsd.conf(5))."),
  zoneStats: option({
    type: t.nullOr(t.str),
    default: null,
    description: "Name under which the zone is counted in the statistics.",
  }),
} as const;

const zone = {
  ...settings,
  children: option({
    type: t.attrsOf(t.attrs),
    default: {},
    example: { "example.com.": { data: "@ SOA ..." }, "example.net.": { data: "@ SOA ..." } },
    description:
      "Zones that have the settings of this one where they say nothing else; they may have children themselves. With children it is no zone itself.",
  }),
} as const;

export const nsdZone = t.submodule({ file, options: zone });

export type NsdZone = ConfigOf<typeof zone>;
export type NsdZoneSettings = ConfigOf<typeof settings>;

/** The zones that are served: those without children, with what they have of those above. */
export function servedZones(
  zones: Readonly<Record<string, NsdZone>>,
): (readonly [string, NsdZoneSettings])[] {
  return Object.entries(zones).flatMap(([name, one]) => inherit(name, one));
}

function inherit(name: string, { children, ...own }: NsdZone): (readonly [string, NsdZoneSettings])[] {
  const below = Object.entries(children ?? {});
  if (below.length === 0) return [[name, own]];
  return below.flatMap(([child, said]) => {
    const unknown = Object.keys(said).find((key) => !(key in zone));
    if (unknown !== undefined)
      throw new NixError(
        "module",
        fromText(
          `'services.nsd.zones.${name}.children.${child}' has '${unknown}', which is no option of a zone`,
        ),
      );
    return inherit(child, { ...own, children: {}, ...said });
  });
}
