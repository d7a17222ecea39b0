/** What a store knows about one of its objects. */
import type { WireReader, WireWriter } from "./wire.ts";

export interface PathInfo {
  readonly path: string;
  /** The `.drv` that it was built from, where that is known. */
  readonly deriver: string | null;
  /** SHA-256 of the NAR as the daemon writes it, base 16. */
  readonly narHash: string;
  readonly references: readonly string[];
  /** Seconds since the epoch. */
  readonly registrationTime: number;
  /** Bytes of the NAR. */
  readonly narSize: number;
  readonly signatures: readonly string[];
  /** e.g. `fixed:r:sha256:...`; empty when the object is not addressed by its content. */
  readonly contentAddress: string;
}

export async function readPathInfo(path: string, reader: WireReader): Promise<PathInfo> {
  const deriver = await reader.string();
  const narHash = await reader.string();
  const references = await reader.strings();
  const registrationTime = await reader.integer();
  const narSize = await reader.integer();
  await reader.boolean(); // whether it was built there
  const signatures = await reader.strings();
  const contentAddress = await reader.string();
  return {
    path,
    deriver: deriver === "" ? null : deriver,
    ...{ narHash, references, registrationTime, narSize, signatures, contentAddress },
  };
}

/** Another store never takes our word for it that an object was built there. */
export function writePathInfo(writer: WireWriter, info: PathInfo): void {
  writer
    .string(info.path)
    .string(info.deriver ?? "")
    .string(info.narHash)
    .strings(info.references)
    .integer(info.registrationTime)
    .integer(info.narSize)
    .boolean(false)
    .strings(info.signatures)
    .string(info.contentAddress);
}
