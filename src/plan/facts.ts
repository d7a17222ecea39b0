/** What is known of a machine before anything is planned: the answer of `src/deploy/target/facts.sh`. */

import type { SecretEntry } from "../fleet/modules/secrets/secret.ts";
import { lazySchema, zod } from "../store/schema.ts";

const format = "1";

/** A deployment that has the machine's lock. */
export interface LockFacts {
  readonly id: string;
  /** Who began it: `user@host`. */
  readonly by: string;
  /** When, in seconds since the epoch on the machine. */
  readonly since: number;
  /** The switcher's state, e.g. `waiting`; empty when it is from before the machine's last start. */
  readonly state: string;
  /** Whether its switcher, or the watchdog that stands in for it, is there. */
  readonly live: boolean;
}

export interface Facts {
  readonly uid: number;
  /** `uname -m`. */
  readonly machine: string;
  /** The name of process 1. */
  readonly init: string;
  /** Version of the systemd that runs the machine; null when another init does. */
  readonly systemd: number | null;
  readonly nixVersion: string | null;
  /** Programs that the switcher needs and that aren't there. */
  readonly missingTools: readonly string[];
  /** The distribution's package manager, when it is one that we use. */
  readonly packageManager: "apt" | null;
  readonly currentSystem: string | null;
  readonly bootedSystem: string | null;
  /** What of the running system is another than the machine was started with: `kernel`, `initrd`, `kernel-modules`, `kernel-params`. */
  readonly bootedDiffers: readonly string[];
  /** The store path of the system profile: what the machine boots by default. */
  readonly profile: string | null;
  /** Bytes available in the file system of /nix/store, of /var/lib/nixus, and of /boot where there is one. */
  readonly freeStore: number;
  readonly freeState: number;
  readonly freeBoot: number | null;
  readonly bootId: string;
  readonly lock: LockFacts | null;
  /** The last line of the machine's history of deployments. */
  readonly lastDeployment: string | null;
  /** Why the store can't be asked which paths it has; null: it can. */
  readonly storeProblem: string | null;
  /** Of the store paths asked about, those that aren't valid there. */
  readonly missing: ReadonlySet<string>;
  /** Of the packages asked about, those that aren't installed. */
  readonly missingPackages: readonly string[];
  /** Of the secrets asked about, those that aren't there; as {@link secretQuestion} names them. */
  readonly missingSecrets: ReadonlySet<string>;
  /** Of the owners of secrets asked about, those that the machine doesn't have. */
  readonly missingUsers: ReadonlySet<string>;
  readonly missingGroups: ReadonlySet<string>;
}

/** How the facts script is asked for a secret. */
export function secretQuestion({ place, user, group, mode, file }: SecretEntry): string {
  return `${place} ${user}+${group}+${mode}/${file}`;
}

/** What came over the connection is not what the facts script prints. */
export class FactsError extends Error {
  override readonly name = "FactsError";
}

const lazyFacts = lazySchema((z) => {
  const optionalText = z
    .string()
    .default("")
    .transform((text) => (text === "" ? null : text));
  const count = z.string().regex(/^\d+$/).transform(Number);
  return z.object({
    "nixus-facts": z.literal(format),
    uid: count,
    machine: z.string(),
    init: z.string(),
    systemd: z
      .string()
      .regex(/^\d+/)
      .transform((text) => Number.parseInt(text, 10))
      .nullable()
      .default(null),
    nixVersion: optionalText,
    packageManager: optionalText.pipe(z.enum(["apt"]).nullable()),
    currentSystem: optionalText,
    bootedSystem: optionalText,
    profile: optionalText,
    freeStore: count,
    freeState: count,
    freeBoot: count.nullable().default(null),
    bootId: z.string().min(1),
    lockId: z.string().optional(),
    lockBy: z.string().default(""),
    lockSince: count.default(0),
    lockState: z.string().default(""),
    lockLive: z.enum(["0", "1"]).default("0"),
    lastDeployment: optionalText,
    storeProblem: optionalText,
  });
});

const listKeys = [
  "missing",
  "missingPackage",
  "missingTool",
  "missingSecret",
  "missingUser",
  "missingGroup",
  "bootedDiffers",
] as const;
type ListKey = (typeof listKeys)[number];

function isListKey(key: string): key is ListKey {
  return listKeys.some((known) => known === key);
}

/** Parses the script's output; lines before it (a shell's greeting) are ignored. Throws a FactsError. */
export function parseFacts(output: string): Facts {
  const lines = output.split("\n");
  const first = lines.findIndex((line) => line.startsWith("nixus-facts="));
  const last = lines.indexOf("end=", first);
  if (first < 0) throw new FactsError("the machine's answer holds no facts");
  if (last < 0) throw new FactsError("the machine's answer ends too early");
  const single: Record<string, string> = {};
  const lists: Record<ListKey, string[]> = {
    missing: [],
    missingPackage: [],
    missingTool: [],
    missingSecret: [],
    missingUser: [],
    missingGroup: [],
    bootedDiffers: [],
  };
  for (const line of lines.slice(first, last)) {
    const separator = line.indexOf("=");
    if (separator < 0) throw new FactsError(`unexpected line in the machine's answer: ${line}`);
    const key = line.slice(0, separator);
    const value = line.slice(separator + 1);
    if (isListKey(key)) lists[key].push(value);
    else single[key] = value;
  }
  const parsed = lazyFacts().safeParse(single);
  if (!parsed.success) {
    throw new FactsError(`unexpected facts in the machine's answer: ${zod().prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  }
  const { lockId, lockBy, lockSince, lockState, lockLive, ...rest } = parsed.data;
  return {
    uid: rest.uid,
    machine: rest.machine,
    init: rest.init,
    systemd: rest.systemd,
    nixVersion: rest.nixVersion,
    missingTools: lists.missingTool,
    packageManager: rest.packageManager,
    currentSystem: rest.currentSystem,
    bootedSystem: rest.bootedSystem,
    bootedDiffers: lists.bootedDiffers,
    profile: rest.profile,
    freeStore: rest.freeStore,
    freeState: rest.freeState,
    freeBoot: rest.freeBoot,
    bootId: rest.bootId,
    lock:
      lockId === undefined
        ? null
        : { id: lockId, by: lockBy, since: lockSince, state: lockState, live: lockLive === "1" },
    lastDeployment: rest.lastDeployment,
    storeProblem: rest.storeProblem,
    missing: new Set(lists.missing),
    missingPackages: lists.missingPackage,
    missingSecrets: new Set(lists.missingSecret),
    missingUsers: new Set(lists.missingUser),
    missingGroups: new Set(lists.missingGroup),
  };
}
