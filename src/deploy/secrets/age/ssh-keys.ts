/**
 * SSH keys as recipients and identities of age: the stanzas `ssh-ed25519` and `ssh-rsa`, as the age program writes
 * them (age(1), "SSH keys").
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  hkdfSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { type Identity, type Recipient, Stanza } from "age-encryption";
import { montgomeryPoint, x25519, x25519PublicKey } from "./curve25519.ts";
import { fromInteger, type SshPrivateKey, type SshPublicKey, toInteger } from "./ssh-wire.ts";

const ed25519Label = "age-encryption.org/v1/ssh-ed25519";
const rsaLabel = "age-encryption.org/v1/ssh-rsa";
const zeroNonce = Buffer.alloc(12);
const tagLength = 16;

/** What tells which key a stanza is for: the beginning of the hash of the public key. */
function keyTag(wire: Uint8Array): string {
  return unpadded(createHash("sha256").update(wire).digest().subarray(0, 4));
}

export class SshRecipient implements Recipient {
  private readonly key: SshPublicKey;

  constructor(key: SshPublicKey) {
    this.key = key;
  }

  wrapFileKey(fileKey: Uint8Array): Stanza[] {
    const { key } = this;
    switch (key.type) {
      case "ssh-ed25519": {
        const ephemeral = randomBytes(32);
        const share = x25519PublicKey(ephemeral);
        const point = montgomeryPoint(key.point);
        const wrapping = wrappingKey(x25519(ephemeral, point), key.wire, share, point);
        const cipher = createCipheriv("chacha20-poly1305", wrapping, zeroNonce, { authTagLength: tagLength });
        const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
        return [new Stanza([key.type, keyTag(key.wire), unpadded(share)], body)];
      }
      case "ssh-rsa": {
        const jwk = { kty: "RSA", n: base64url(key.n), e: base64url(key.e) };
        const body = publicEncrypt(
          { ...oaep, key: createPublicKey({ format: "jwk", key: jwk }) },
          Buffer.from(fileKey),
        );
        return [new Stanza([key.type, keyTag(key.wire)], body)];
      }
    }
  }
}

export class SshIdentity implements Identity {
  private readonly key: Exclude<SshPrivateKey, { type: "encrypted" }>;

  constructor(key: Exclude<SshPrivateKey, { type: "encrypted" }>) {
    this.key = key;
  }

  unwrapFileKey(stanzas: Stanza[]): Uint8Array | null {
    const { key } = this;
    for (const { args, body } of stanzas) {
      if (args[0] !== key.type || args[1] !== keyTag(key.wire)) continue;
      if (key.type === "ssh-rsa") return privateDecrypt({ ...oaep, key: key.key }, Buffer.from(body));
      const share = Buffer.from(args[2] ?? "", "base64");
      const scalar = createHash("sha512").update(key.seed).digest().subarray(0, 32);
      const wrapping = wrappingKey(x25519(scalar, share), key.wire, share, x25519PublicKey(scalar));
      const cipher = createDecipheriv("chacha20-poly1305", wrapping, zeroNonce, { authTagLength: tagLength });
      cipher.setAuthTag(body.subarray(-tagLength));
      return Buffer.concat([cipher.update(body.subarray(0, -tagLength)), cipher.final()]);
    }
    return null;
  }
}

/** The secret that both sides have, bound to the SSH key. */
function wrappingKey(shared: Uint8Array, wire: Uint8Array, share: Uint8Array, point: Uint8Array): Buffer {
  const tweak = Buffer.from(hkdfSync("sha256", Buffer.alloc(0), wire, ed25519Label, 32));
  const salt = Buffer.concat([share, point]);
  return Buffer.from(hkdfSync("sha256", x25519(tweak, shared), salt, ed25519Label, 32));
}

const oaep = {
  padding: constants.RSA_PKCS1_OAEP_PADDING,
  oaepHash: "sha256",
  oaepLabel: Buffer.from(rsaLabel),
} as const;

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}

function base64url(integer: Uint8Array): string {
  return fromInteger(toInteger(integer)).toString("base64url");
}
