/** Makes the secrets of `generate`. */
import { generateKeyPairSync, type KeyObject, randomBytes, randomInt } from "node:crypto";
import type { Generator } from "../../fleet/modules/secrets/secret.ts";
import { x25519PublicKey } from "./age/curve25519.ts";
import { wireString } from "./age/ssh-wire.ts";
import { hashPassword } from "./sha512-crypt.ts";

export interface Generated {
  readonly content: Uint8Array;
  /** Of a private key. */
  readonly publicKey?: string;
}

export interface GenerationContext {
  /** For the comment of a key, e.g. `web/key`. */
  readonly label: string;
  /** Asks the person at the terminal, without showing what is typed. */
  readonly askPassword: (label: string) => Promise<string>;
}

export async function generateSecret(generator: Generator, context: GenerationContext): Promise<Generated> {
  switch (generator.type) {
    case "random":
      return { content: Buffer.from(randomText(generator)) };
    case "wireguard":
      return wireguardKey();
    case "ssh":
      return sshKey(context.label);
    case "password-hash":
      return { content: Buffer.from(hashPassword(await context.askPassword(context.label))) };
  }
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Without a line end, which would become part of a password. */
function randomText({ alphabet, length }: Generator): string {
  switch (alphabet) {
    case "base64":
      return randomBytes(length).toString("base64");
    case "hexadecimal":
      return randomBytes(Math.ceil(length / 2))
        .toString("hex")
        .slice(0, length);
    case "alphanumeric":
      return Array.from({ length }, () => alphanumeric[randomInt(alphanumeric.length)]).join("");
  }
}

/** As `wg genkey` and `wg pubkey` (wg(8)): base64 of a key of X25519, with the bits set that it wants. */
function wireguardKey(): Generated {
  const key = randomBytes(32);
  key[0]! &= 248;
  key[31]! = (key[31]! & 127) | 64;
  return {
    content: Buffer.from(`${key.toString("base64")}\n`),
    publicKey: x25519PublicKey(key).toString("base64"),
  };
}

/** An Ed25519 key in OpenSSH's own format (PROTOCOL.key), without a passphrase. */
function sshKey(comment: string): Generated {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = rawKey(privateKey);
  const type = "ssh-ed25519";
  const wire = Buffer.concat([wireString(type), wireString(x)]);
  // Twice the same number: by it who decrypts a key sees that it went well.
  const check = randomBytes(4);
  const secret = Buffer.concat([
    ...[check, check, wireString(type), wireString(x), wireString(Buffer.concat([d, x]))],
    wireString(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...["none", "none", ""].map(wireString),
    Buffer.from([0, 0, 0, 1]),
    wireString(wire),
    wireString(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    content: Buffer.from(
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join("\n")}\n-----END OPENSSH PRIVATE KEY-----\n`,
    ),
    publicKey: `${type} ${wire.toString("base64")} ${comment}`,
  };
}

function rawKey(key: KeyObject): { readonly d: Buffer; readonly x: Buffer } {
  const { d = "", x = "" } = key.export({ format: "jwk" });
  return { d: Buffer.from(d, "base64url"), x: Buffer.from(x, "base64url") };
}
