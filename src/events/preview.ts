/** What a deployment would change on a machine, as data: `nixus diff` and `nixus deploy --dry-run`. */

/** What can be known beforehand, or why it can't. */
export type Foreseen<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string };

export interface Preview {
  readonly system: string;
  /** The system that runs; null: none. */
  readonly previous: string | null;
  readonly closure: Foreseen<ClosureChange>;
  /** Managed files below /etc (linux platform; none elsewhere). */
  readonly files: readonly FileChange[];
  readonly units: Foreseen<UnitChanges>;
  /** Packages of the distribution that would be installed. */
  readonly installs: readonly string[];
  readonly secrets: SecretChange;
  /**
   * What asks for a reboot: parts of the system that only one replaces (`kernel`, `initrd`, ...), `inhibitors` of a switch
   * while the machine runs, `packages` of the distribution, or `asked` (rebootPolicy).
   */
  readonly reboot: Foreseen<readonly string[]>;
  /** Why the deployment would restart the machine; null: it would not, as far as that is known yet. */
  readonly restart: string | null;
}

export interface SizedPath {
  readonly path: string;
  /** Bytes of its NAR. */
  readonly size: number;
}

export interface ClosureChange {
  readonly added: readonly SizedPath[];
  readonly removed: readonly SizedPath[];
  /** Those of which any path was added or removed, by name. */
  readonly packages: readonly PackageChange[];
  /** Bytes of NARs. */
  readonly sizeDifference: number;
}

/** All store paths that have the same name but for the version. */
export interface PackageChange {
  readonly name: string;
  /** Versions, with the output where it has a name; `""`: without a version. None: there was, or will be, none. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly sizeDifference: number;
}

export interface FileChange {
  readonly path: string;
  readonly change: /** The machine has none of that name. */
    | "added"
    /** The machine's own is put aside. */
    | "replaced"
    | "changed"
    /** It goes, or the machine's own comes back. */
    | "removed";
}

/** By what would be done to them. */
export interface UnitChanges {
  readonly stop: readonly string[];
  readonly start: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  /** Changed, and left alone all the same (`restartIfChanged = false`). */
  readonly keep: readonly string[];
}

export interface SecretChange {
  /** Names of those that the machine lacks. */
  readonly sent: readonly string[];
  /** Names of those that the new system does not have any more. They stay as long as a generation refers to them. */
  readonly removed: readonly string[];
}
