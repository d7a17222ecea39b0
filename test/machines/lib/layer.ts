import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gateway, prefixLength } from "./namespace.ts";

/** A file that a machine has from the start. */
export interface MachineFile {
  readonly text: string;
  /** Permission bits; 0644 when left out. */
  readonly mode?: number;
}

/** What is different from the image on one machine. */
export interface Identity {
  /** The name that the deployer knows the machine by; the host name is its first part. */
  readonly name: string;
  readonly address: string;
  /** OpenSSH private and public host key. */
  readonly hostKey: { readonly private: string; readonly public: string };
  /** Public keys that may log in as root. */
  readonly authorizedKeys: string;
  readonly files: Readonly<Record<string, MachineFile | string>>;
}

/**
 * Writes the layer of the machine's root file system that lies between the image and what the machine writes. Paths
 * are absolute; the directories get the permissions that they have in the image.
 */
export function writeLayer(directory: string, image: string, identity: Identity): void {
  mkdirSync(directory, { mode: 0o755 });
  const host = identity.name.split(".")[0] ?? identity.name;
  const files: Record<string, MachineFile | string> = {
    "/etc/hostname": `${host}\n`,
    "/etc/hosts": hostsFile(identity.name, host),
    "/etc/machine-id": `${randomBytes(16).toString("hex")}\n`,
    "/etc/systemd/network/10-host0.network": networkFile(identity.address),
    "/etc/ssh/ssh_host_ed25519_key": { text: identity.hostKey.private, mode: 0o600 },
    "/etc/ssh/ssh_host_ed25519_key.pub": identity.hostKey.public,
    "/root/.ssh/authorized_keys": { text: identity.authorizedKeys, mode: 0o600 },
    ...identity.files,
  };
  for (const [path, file] of Object.entries(files)) {
    const { text, mode = 0o644 } = typeof file === "string" ? { text: file } : file;
    makeDirectory(directory, image, dirname(path));
    writeFileSync(join(directory, path), text);
    chmodSync(join(directory, path), mode);
  }
}

/** Makes a directory of the layer and those above; the topmost layer decides about the permissions of them all. */
function makeDirectory(layer: string, image: string, path: string): void {
  if (path === "/") return;
  const inLayer = join(layer, path);
  if (existsSync(inLayer)) return;
  makeDirectory(layer, image, dirname(path));
  mkdirSync(inLayer);
  const inImage = lstatSync(join(image, path), { throwIfNoEntry: false });
  if (inImage !== undefined && !inImage.isDirectory()) {
    throw new Error(`${path} is not a directory in the image, so no file of a machine can be put there`);
  }
  chmodSync(inLayer, inImage ? inImage.mode & 0o7777 : path.endsWith("/.ssh") ? 0o700 : 0o755);
}

/** As Debian's installer writes it. */
function hostsFile(name: string, host: string): string {
  const own = name === host ? name : `${name} ${host}`;
  return `127.0.0.1\tlocalhost
127.0.1.1\t${own}

::1\tlocalhost ip6-localhost ip6-loopback
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;
}

function networkFile(address: string): string {
  return `[Match]
Name=host0

[Network]
Address=${address}/${prefixLength}
Gateway=${gateway}
`;
}

/** An unmodified copy of /etc/passwd in which root's home directory is another. */
export function passwdWithHome(home: string): string {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return lines
    .map((line) => {
      const fields = line.split(":");
      if (fields[0] === "root") fields[5] = home;
      return fields.join(":");
    })
    .join("\n");
}
