/** Fingerprints of SSH host keys (RFC 4255; RFC 6594; RFC 7479; RFC 8709). */
import { createHash } from "node:crypto";
import type { RecordData } from "./data.ts";

const algorithms: Readonly<Record<string, number>> = {
  "ssh-rsa": 1,
  "ssh-dss": 2,
  "ecdsa-sha2-nistp256": 3,
  "ecdsa-sha2-nistp384": 3,
  "ecdsa-sha2-nistp521": 3,
  "ssh-ed25519": 4,
  "ssh-ed448": 6,
};

/** SHA-256 alone, as recent OpenSSH prints and wants it; nothing for keys that have no number there (certificates). */
export function sshFingerprints(publicKey: string): RecordData[] {
  const [type = "", base64 = ""] = publicKey.split(" ");
  const algorithm = algorithms[type];
  if (algorithm === undefined) return [];
  const fingerprint = createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
  return [{ type: "SSHFP", algorithm, fingerprintType: 2, fingerprint }];
}
