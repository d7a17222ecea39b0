/**
 * What a system of the `linux` platform consists of, as plain data. The options make it, `tree.ts` turns it into a
 * store tree, the scripts in `target/` put it into effect on a machine.
 *
 * All texts are byte strings (src/store/bytes.ts). A system manages only what it names: everything else on the
 * machine belongs to the machine.
 */

import type { SystemSecret } from "../../modules/secrets/secret.ts";

/** A text and the store paths that it refers to: a Nix string with its context, resolved. */
export interface StoreText {
  readonly text: string;
  /** Store paths (`/nix/store/<digest>-<name>`, never paths below one), in any order. */
  readonly references: readonly string[];
}

export interface LinuxSystem {
  /** The Nix system, e.g. `x86_64-linux`. */
  readonly system: string;
  /** `networking.hostName`; null leaves the machine's name alone. Rendered to /etc/hostname as well. */
  readonly hostName: string | null;
  readonly etc: readonly EtcFile[];
  readonly units: readonly Unit[];
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  /** In the order in which they run. */
  readonly activationScripts: readonly ActivationScript[];
  /** Each on its own, before anything is changed; one that fails refuses the system. */
  readonly preSwitchChecks: readonly ActivationScript[];
  /** What sshd is told; null leaves sshd alone. */
  readonly sshd: Sshd | null;
  /** Files for systemd-networkd; null leaves the network alone. */
  readonly network: Network | null;
  /** The rules of our own tables, a file for nft(8); null: there are none. */
  readonly nftables: string | null;
  readonly kernelParameters: readonly KernelParameter[];
  /** All that are defined; the system has those that it refers to. */
  readonly secrets: readonly SystemSecret[];
  /** Rules of tmpfiles.d(5); null: none. */
  readonly tmpfiles: StoreText | null;
}

/** A system that manages nothing: generation 0 of any machine. Applying it puts the machine back as it was found. */
export function emptySystem(system: string): LinuxSystem {
  return {
    system,
    hostName: null,
    etc: [],
    units: [],
    users: [],
    groups: [],
    activationScripts: [],
    preSwitchChecks: [],
    sshd: null,
    network: null,
    nftables: null,
    kernelParameters: [],
    secrets: [],
    tmpfiles: null,
  };
}

/** A file below /etc (`environment.etc`). */
export interface EtcFile {
  /** Relative to /etc, without a leading slash: `ssh/ssh_known_hosts`. */
  readonly path: string;
  readonly contents: EtcContents;
  readonly mode: EtcMode;
}

export type EtcContents =
  | { readonly type: "text"; readonly text: StoreText }
  /** A store path or a path below one; `references` holds the store path. A directory only with mode "symlink". */
  | { readonly type: "source"; readonly source: StoreText };

export type EtcMode =
  /**
   * A link into the store. Files that the machine needs before (or without) /nix, such as those of sshd and
   * networkd, are copied with mode 0444 all the same.
   */
  | { readonly type: "symlink" }
  /** A copy with these permissions (octal digits, `0440`) and this owner (names, or decimal ids). */
  | { readonly type: "copy"; readonly mode: string; readonly user: string; readonly group: string }
  /** The file that the machine has of its own, followed by these contents: /etc/hosts of a guest. */
  | { readonly type: "append" };

/** A systemd unit (service, timer, socket, target, path, slice, mount). */
export interface Unit {
  /** With suffix: `hello.service`. */
  readonly name: string;
  /**
   * The whole text of the unit file (or drop-in), with the references of everything in it. May be empty with
   * strategy "drop-in": then only the links (`wantedBy` ...) are made, as `systemctl enable` would.
   */
  readonly text: StoreText;
  /**
   * "whole": this text is the unit; a distribution unit of that name is out of effect while it is managed.
   * "drop-in": this text is added to the unit that the distribution has.
   */
  readonly strategy: "whole" | "drop-in";
  /** false: the unit is masked, and stopped if it runs. */
  readonly enable: boolean;
  readonly wantedBy: readonly string[];
  readonly requiredBy: readonly string[];
  readonly aliases: readonly string[];
  /** What happens to the running unit when it has changed. */
  readonly change: UnitChange;
  /** Any change of these counts as a change of the unit (`restartTriggers`). */
  readonly restartTriggers: readonly StoreText[];
  /** A change of these alone only reloads the unit (`reloadTriggers`). */
  readonly reloadTriggers: readonly StoreText[];
}

/** The NixOS options of the same names. `reloadIfChanged` beats `restartIfChanged`, as there. */
export interface UnitChange {
  /** false: the change takes effect when somebody restarts the unit. */
  readonly restartIfChanged: boolean;
  readonly reloadIfChanged: boolean;
  /** true: stop the old unit before anything is changed and start the new one afterwards; false: one `restart`. */
  readonly stopIfChanged: boolean;
}

/** NixOS's defaults. */
export const defaultUnitChange: UnitChange = {
  restartIfChanged: true,
  reloadIfChanged: false,
  stopIfChanged: true,
};

/**
 * An account (`users.users`). Where the machine has an account of that name already, it is adopted: its uid, home,
 * password and primary group stay, `shell` and `extraGroups` are set for as long as the system says so.
 * For root only `authorizedKeys` may be given: its login is never touched.
 */
export interface User {
  readonly name: string;
  /** null: the next free one, the same for that name for ever. */
  readonly uid: number | null;
  /** Name of the primary group: one of `groups`, or one that the machine has. null: only for root. */
  readonly group: string | null;
  readonly extraGroups: readonly string[];
  /** null: `/var/empty`-like, no home: `/nonexistent`. */
  readonly home: string | null;
  /** Create `home` (mode 0700) when it does not exist. It is never deleted. */
  readonly createHome: boolean;
  /** Path of the login shell; null: `/usr/sbin/nologin` for a new account, untouched for an adopted one. */
  readonly shell: string | null;
  readonly description: string;
  /** Takes its uid from the system range (below 1000). */
  readonly isSystemUser: boolean;
  /** crypt(5) hash for a new account; null: no password lets in. An existing password is never changed. */
  readonly hashedPassword: string | null;
  /** Where it is on the machine, instead; read when the account is made. */
  readonly hashedPasswordFile: StoreText | null;
  /** Lines of `openssh.authorizedKeys.keys`; become /etc/ssh/authorized_keys.d/NAME. */
  readonly authorizedKeys: readonly string[];
}

/** A group (`users.groups`). An existing group of that name is adopted: it keeps its gid and its other members. */
export interface Group {
  readonly name: string;
  readonly gid: number | null;
  readonly members: readonly string[];
}

/**
 * A bash snippet (`system.activationScripts`, `system.preSwitchChecks`); fails when any command of it fails, and the
 * next ones still run.
 */
export interface ActivationScript {
  readonly name: string;
  readonly text: StoreText;
}

export interface Sshd {
  /**
   * The text for /etc/ssh/sshd_config.d, made by {@link sshdConfig}; empty: only told where authorized keys are,
   * which happens by itself when any user has some.
   */
  readonly config: string;
}

export interface Network {
  /** For /etc/systemd/network; the name with suffix: `10-lan.network`, `20-br0.netdev`, `30-nic.link`. */
  readonly files: readonly { readonly name: string; readonly text: StoreText }[];
}

/** A parameter of the running kernel (`boot.kernel.sysctl`). */
export interface KernelParameter {
  /** Relative to /proc/sys: `net/ipv4/ip_forward`. */
  readonly path: string;
  /** A single line. */
  readonly value: string;
}
