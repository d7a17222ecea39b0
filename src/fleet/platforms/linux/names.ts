/**
 * What may stand in a manifest. The target's scripts read manifests line by line and field by field, so a name with
 * a space, a line end or another odd character must never get there: it is refused here, with the option it came from.
 */

/** A system that cannot be made: which option, what is wrong with it, what to do. A byte string. */
export class LinuxSystemError extends Error {
  override readonly name = "LinuxSystemError";
  /** The option, e.g. `environment.etc."a b"`. */
  readonly option: string;

  constructor(option: string, message: string) {
    super(`${option}: ${message}`);
    this.option = option;
  }
}

const pathSegment = /^[A-Za-z0-9._@+:,=\\-]+$/;
/** File names go up to 255 bytes; the journal on the target holds whole paths in one, with a few bytes more. */
const longestPath = 200;

/** Checks a path relative to /etc or /run that will be managed. */
export function checkRelativePath(option: string, path: string): void {
  const segments = path.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    throw new LinuxSystemError(option, `'${path}' must be a path without empty, '.' and '..' parts`);
  const odd = segments.find((segment) => !pathSegment.test(segment));
  if (odd !== undefined)
    throw new LinuxSystemError(
      option,
      `'${path}' has a character other than letters, digits and ._@+:,=\\- in a file name`,
    );
  if (path.length > longestPath)
    throw new LinuxSystemError(option, `'${path}' is longer than ${longestPath} bytes`);
}

/** Checks an absolute path that stands in a manifest: a store path, a home, a shell. */
export function checkAbsolutePath(option: string, path: string): void {
  if (!/^(\/[A-Za-z0-9._@+,=?-]+)+$/.test(path) || /\/\.\.?(\/|$)/.test(path))
    throw new LinuxSystemError(
      option,
      `'${path}' must be an absolute path of letters, digits and ._@+,=?- without '.' and '..' parts`,
    );
}

const unitName =
  /^[A-Za-z0-9:_.\\-]+(@[A-Za-z0-9:_.\\-]*)?\.(service|socket|timer|target|path|slice|mount|automount|swap)$/;

export function checkUnitName(option: string, name: string): void {
  if (!unitName.test(name))
    throw new LinuxSystemError(
      option,
      `'${name}' is not the name of a unit (letters, digits and :_.\\-@, ending in .service, .timer ...)`,
    );
}

/** User and group names: what useradd of any distribution would take. */
export function checkAccountName(option: string, name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,30}$/.test(name))
    throw new LinuxSystemError(
      option,
      `'${name}' cannot be a user or group name (up to 31 letters, digits and _.-, no digit first)`,
    );
}

/** A field of passwd(5) or shadow(5). */
export function checkAccountField(option: string, text: string): void {
  if (/[:\n\r\0]/.test(text)) throw new LinuxSystemError(option, "must not contain ':' or a line end");
}

/** 4294967295 and 65535 mean "none" to system calls; 0 is root's. */
export function checkId(option: string, id: number | null): void {
  if (id !== null && (!Number.isInteger(id) || id < 1 || id >= 4294967295 || id === 65535))
    throw new LinuxSystemError(option, `${id} cannot be the id of an account or group`);
}

export function checkOwner(option: string, owner: string): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(owner))
    throw new LinuxSystemError(option, `'${owner}' is neither a user or group name nor an id`);
}

/** Octal permissions as the scripts compare them: `0` and three or four digits. */
export function normalMode(option: string, mode: string): string {
  if (!/^[0-7]{3,5}$/.test(mode) || Number.parseInt(mode, 8) > 0o7777)
    throw new LinuxSystemError(option, `mode '${mode}' must be octal digits such as 0440, or 'symlink'`);
  return `0${Number.parseInt(mode, 8).toString(8).padStart(3, "0")}`;
}

export function checkHostName(option: string, name: string): void {
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name))
    throw new LinuxSystemError(
      option,
      `'${name}' must be up to 63 letters, digits and '-' (the part before the first dot of the full name)`,
    );
}

/** A store path's name has fewer characters than a file's, and no dot first. */
export function storeName(name: string): string {
  return name
    .replace(/[^A-Za-z0-9+._?=-]/g, "-")
    .replace(/^\./, "_.")
    .slice(0, 120);
}

const bootReason =
  "is read during boot before Nixus can put back what an unconfirmed activation changed, so it stays the machine's own";
const reserved: readonly (readonly [RegExp, string])[] = [
  [/^(passwd|shadow|group|gshadow)-?$|^sub[ug]id-?$/, "is made from users.users and users.groups; use those"],
  [/^hostname$/, "is made from networking.hostName; use that"],
  [/^systemd\/system(\/|$)/, "holds units; use systemd.services, systemd.timers ..."],
  [/^systemd\/network(\/|$)/, "is for systemd-networkd; use systemd.network.networks"],
  [/^ssh\/sshd_config\.d\/00-nixus\.conf$/, "is made from services.openssh; use that"],
  [/^ssh\/ssh_host_[a-z0-9]+_key(\.pub)?$/, "is the identity of the machine"],
  [/^(fstab|crypttab|mtab|machine-id|adjtime|inittab|initramfs-tools(\/.*)?|default\/grub)$/, bootReason],
  [/^(udev|modules-load\.d|modprobe\.d|kernel)(\/|$)/, bootReason],
  [/^systemd\/(system|journald|udev)\.conf(\.d(\/|$)|$)/, bootReason],
  [/^ld\.so\./, "can keep every program from starting, so it stays the machine's own"],
];

/** Refuses files below /etc that have an option of their own, or that no roll-back could mend. */
export function checkNotReserved(option: string, path: string): void {
  for (const [pattern, reason] of reserved)
    if (pattern.test(path)) throw new LinuxSystemError(option, `/etc/${path} ${reason}`);
}

/**
 * Files that let the machine start and be reached when /nix is not there: never links into the store.
 * (sshd gives up when a configuration file it includes is a dangling link, sudo when /etc/sudoers.d has one.)
 */
export function mustBeCopied(path: string): boolean {
  return /^(ssh|systemd|network|pam\.d|security|sudoers\.d)\/|^(hosts|sudoers|resolv\.conf|nsswitch\.conf)$/.test(
    path,
  );
}
