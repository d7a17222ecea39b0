/** X25519 with raw keys (RFC 7748), and public keys of Ed25519 as those of X25519 (RFC 7748, section 4.1). */
import { createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";

/** DER of a key of X25519 up to its 32 bytes (RFC 8410). */
const privatePrefix = Buffer.from("302e020100300506032b656e04220420", "hex");
const publicPrefix = Buffer.from("302a300506032b656e032100", "hex");

const basePoint = Buffer.alloc(32);
basePoint[0] = 9;

export function x25519(scalar: Uint8Array, point: Uint8Array): Buffer {
  return diffieHellman({
    privateKey: createPrivateKey({
      key: Buffer.concat([privatePrefix, scalar]),
      format: "der",
      type: "pkcs8",
    }),
    publicKey: createPublicKey({ key: Buffer.concat([publicPrefix, point]), format: "der", type: "spki" }),
  });
}

export function x25519PublicKey(scalar: Uint8Array): Buffer {
  return x25519(scalar, basePoint);
}

const p = 2n ** 255n - 19n;

/** (1 + y) / (1 - y), little-endian. */
export function montgomeryPoint(edwardsPoint: Uint8Array): Buffer {
  const bytes = Buffer.from(edwardsPoint).reverse();
  // The highest bit is the sign of x.
  bytes[0]! &= 0x7f;
  const y = BigInt(`0x${bytes.toString("hex")}`);
  const u = ((1n + y) * inverse((((1n - y) % p) + p) % p)) % p;
  return Buffer.from(u.toString(16).padStart(64, "0"), "hex").reverse();
}

/** By Fermat's little theorem. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value;
  for (let exponent = p - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % p;
    base = (base * base) % p;
  }
  return result;
}
