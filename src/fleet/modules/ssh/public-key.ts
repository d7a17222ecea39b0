/** Public keys as OpenSSH writes them: `TYPE BASE64 [COMMENT]` (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */

/**
 * Whether the text is a public key. The decoded key starts with its type once more, as a string with its length in
 * four bytes in front (RFC 4253, section 6.6); so a key of which a part is missing at the front is none.
 */
export function isPublicKey(text: string): boolean {
  const match = /^([a-z0-9][a-z0-9@.-]*) ([A-Za-z0-9+/]+={0,2})(?: .*)?$/.exec(text);
  if (match === null) return false;
  const [, type = "", base64 = ""] = match;
  const key = Buffer.from(base64, "base64");
  return (
    key.length > 4 + type.length &&
    key.readUInt32BE(0) === type.length &&
    key.toString("latin1", 4, 4 + type.length) === type
  );
}
