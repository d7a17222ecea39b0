/** Public keys that nobody has the private part of. */

/** A key of the type `ssh-ed25519`; the same for the same name. */
export function publicKeyOf(name: string): string {
  const type = Buffer.from("ssh-ed25519");
  const key = Buffer.alloc(32, name);
  const field = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `ssh-ed25519 ${Buffer.concat([field(type), field(key)]).toString("base64")}`;
}
