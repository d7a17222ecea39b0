/** Secrets as plain data: where they come from, and where and how they are on a machine. */
import { createHash } from "node:crypto";
import { toBase32 } from "../../../store/base32.ts";

/** What a secret of `generate` is made of. */
export interface Generator {
  readonly type: "random" | "wireguard" | "ssh" | "password-hash";
  /** Of `random`. */
  readonly length: number;
  readonly alphabet: "alphanumeric" | "hexadecimal" | "base64";
}

/** Where the deploying machine gets a secret from. Paths are absolute, or start with `~/`. */
export type SecretSource =
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "command"; readonly command: readonly string[]; readonly directory: string }
  | { readonly type: "environment"; readonly variable: string }
  | { readonly type: "age"; readonly path: string }
  | { readonly type: "sops"; readonly path: string; readonly key: string | null }
  /** Encrypted with age at `path`, once it has been generated. */
  | { readonly type: "generated"; readonly path: string; readonly generator: Generator };

/** Whose a secret is in the lock file: one node's, or several nodes'. */
export type SecretOwner =
  | { readonly kind: "node"; readonly node: string; readonly name: string }
  | { readonly kind: "shared"; readonly name: string };

/** `web/key` or, shared by several nodes, `key`: what people call it. */
export function secretLabel(owner: SecretOwner): string {
  return owner.kind === "node" ? `${owner.node}/${owner.name}` : owner.name;
}

/** A secret on a machine. Two that differ in anything are at different paths: none is ever changed. */
export interface SecretEntry {
  /** `NAME-ID`, the name of the file. */
  readonly file: string;
  /** `disk`: survives reboots; `memory`: does not. */
  readonly place: "disk" | "memory";
  readonly user: string;
  readonly group: string;
  /** Octal, four digits. */
  readonly mode: string;
}

/** Directories of the two places on a machine; docs/reference/secrets.md. */
const secretPlaces: Readonly<Record<SecretEntry["place"], string>> = {
  disk: "/var/lib/nixus/secrets",
  memory: "/run/nixus/secrets",
};

/** Where stable links are that asked for no other place. */
export const stableDirectory = "/run/nixus-secrets";

/** The directory that its owners can pass and nobody else can, and the file in it. */
export function entryPath({ place, user, group, mode, file }: SecretEntry): string {
  return `${secretPlaces[place]}/${user}+${group}+${mode}/${file}`;
}

/** The number of characters of a digest or id: 160 bits in Nix's base 32. */
export const digestLength = 32;

/**
 * The entry of a secret with this keyed digest (null: not known yet). Owner and mode are part of the id, so that a
 * change of them makes another entry, as a change of the content does.
 */
export function secretEntry(
  name: string,
  digest: string | null,
  owned: Omit<SecretEntry, "file">,
): SecretEntry {
  const { place, user, group, mode } = owned;
  const hash = createHash("sha256").update([digest ?? "unknown", place, user, group, mode].join("\0"));
  return { ...owned, file: `${name}-${toBase32(hash.digest().subarray(0, 20))}` };
}

/** The longest secret: as much as systemd takes as a credential (systemd.exec(5)). */
export const longestSecret = 1024 * 1024;

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;

/** What is wrong with the name of a secret; undefined when nothing is. */
export function nameProblem(name: string): string | undefined {
  if (namePattern.test(name) && !name.includes("..")) return undefined;
  return "a secret's name may have up to 100 letters, digits and _.-, no '..', and none of .- first; say with `path` where a service shall find it";
}

/** Owner, group and mode as they follow from what is set (null: not set), or why they make no sense together. */
export function ownership(
  user: string,
  group: string | null,
  mode: string | null,
): { readonly user: string; readonly group: string; readonly mode: string } | { readonly problem: string } {
  const effective = (mode ?? (group === null ? "0400" : "0440")).padStart(4, "0");
  const [, owners = 0, groups = 0, others = 0] = [...effective].map(Number);
  if (others !== 0) {
    return { problem: `mode ${effective} lets everybody on the machine at it; a secret's mode ends in 0` };
  }
  if (group !== null && (groups & 4) === 0) {
    return {
      problem: `group '${group}' could not read it with mode ${effective}; leave out the group, or set the mode to 0440`,
    };
  }
  if ((owners & 4) === 0 && user !== "root") {
    return {
      problem: `user '${user}' could not read it with mode ${effective}; leave out the user, or set the mode to 0400`,
    };
  }
  if (group === null && groups !== 0) {
    return {
      problem: `mode ${effective} is for a group, but 'group' is not set; set it, or the mode to 0400`,
    };
  }
  return { user, group: group ?? "root", mode: effective };
}

/** What a system needs to know of a secret. Texts are ASCII. */
export interface SystemSecret {
  /** In `secrets.files`. */
  readonly name: string;
  readonly entry: SecretEntry;
  /** The store path that leads to the entry. */
  readonly pointer: string;
  /** A store path that stays the same when the secret changes: what refers to its stable path refers to this. */
  readonly marker: string;
  /** Where a link of its own was asked for, if anywhere. */
  readonly explicitPath: string | null;
  /** Available before accounts are made. */
  readonly early: boolean;
  readonly restartUnits: readonly string[];
  readonly reloadUnits: readonly string[];
}

/** Whether a system that consists of these store paths refers to the secret. */
export function isUsed({ pointer, marker }: SystemSecret, closure: ReadonlySet<string>): boolean {
  return closure.has(pointer) || closure.has(marker);
}

/** Where it stays when the secret changes. */
export function stablePath({ name, explicitPath }: Pick<SystemSecret, "name" | "explicitPath">): string {
  return explicitPath ?? `${stableDirectory}/${name}`;
}
