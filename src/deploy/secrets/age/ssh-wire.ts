/** Keys as OpenSSH writes them: RFC 4251 (data types), RFC 4253 section 6.6, and OpenSSH's PROTOCOL.key. */
import { createPrivateKey, type KeyObject } from "node:crypto";

/** Strings with their length in four bytes in front. */
class WireReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint32(): number {
    const value = this.bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  string(): Buffer {
    const length = this.uint32();
    if (this.at + length > this.bytes.length) throw new RangeError("the key ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** A public key that age can encrypt to. `wire` is the decoded key, which starts with its type. */
export type SshPublicKey =
  | { readonly type: "ssh-ed25519"; readonly wire: Buffer; readonly point: Buffer }
  | { readonly type: "ssh-rsa"; readonly wire: Buffer; readonly e: Buffer; readonly n: Buffer };

/** `TYPE BASE64 [COMMENT]`; undefined when it is no key of a type that age knows. */
export function parseSshPublicKey(text: string): SshPublicKey | undefined {
  const [type, base64 = ""] = text.trim().split(/\s+/);
  if (type !== "ssh-ed25519" && type !== "ssh-rsa") return undefined;
  const wire = Buffer.from(base64, "base64");
  try {
    const reader = new WireReader(wire);
    if (reader.string().toString("latin1") !== type) return undefined;
    if (type === "ssh-rsa") return { type, wire, e: reader.string(), n: reader.string() };
    const point = reader.string();
    return point.length === 32 ? { type, wire, point } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

export type SshPrivateKey =
  | { readonly type: "ssh-ed25519"; readonly wire: Buffer; readonly seed: Buffer }
  | { readonly type: "ssh-rsa"; readonly wire: Buffer; readonly key: KeyObject }
  /** Protected by a passphrase. */
  | { readonly type: "encrypted"; readonly wire: Buffer };

const magic = "openssh-key-v1\0";

/** A private key file of OpenSSH; undefined when it is none, or one of a type that age does not know. */
export function parseSshPrivateKey(text: string): SshPrivateKey | undefined {
  const match = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]*)-----END/.exec(text);
  if (match === null) return undefined;
  const bytes = Buffer.from(match[1] ?? "", "base64");
  if (bytes.toString("latin1", 0, magic.length) !== magic) return undefined;
  try {
    const outer = new WireReader(bytes.subarray(magic.length));
    const cipher = outer.string().toString("latin1");
    outer.string();
    outer.string();
    if (outer.uint32() !== 1) return undefined;
    const wire = outer.string();
    if (cipher !== "none") return { type: "encrypted", wire };
    const inner = new WireReader(outer.string());
    inner.uint32();
    inner.uint32();
    const type = inner.string().toString("latin1");
    if (type === "ssh-ed25519") {
      inner.string();
      return { type, wire, seed: inner.string().subarray(0, 32) };
    }
    return type === "ssh-rsa" ? { type, wire, key: rsaKey(inner) } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** n, e, d, q^-1 mod p, p, q. */
function rsaKey(reader: WireReader): KeyObject {
  const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => reader.string()) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const exponent = (prime: Buffer) => fromInteger(toInteger(d) % (toInteger(prime) - 1n));
  const jwk = { n, e, d, p, q, qi, dp: exponent(p), dq: exponent(q) };
  const encoded = Object.entries(jwk).map(([name, value]) => [
    name,
    fromInteger(toInteger(value)).toString("base64url"),
  ]);
  return createPrivateKey({ format: "jwk", key: { kty: "RSA", ...Object.fromEntries(encoded) } });
}

export function toInteger(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
}

export function fromInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
}

export function wireString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
