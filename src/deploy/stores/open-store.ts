/** A machine's store, as target/store.sh gives it: settings and a line that says where the worker protocol begins. */
import { Readable } from "node:stream";
import { DaemonDisconnected, DaemonProtocolError } from "../../store/daemon/errors.ts";
import type { DaemonMessage } from "../../store/daemon/messages.ts";
import { type DaemonSettings, parseSettings } from "../../store/daemon/settings.ts";
import { DaemonStore } from "../../store/daemon/store.ts";
import type { Transport } from "../../store/daemon/transport.ts";

export interface OpenStore {
  readonly store: DaemonStore;
  /** Of the Nix that it belongs to. */
  readonly settings: DaemonSettings;
}

const begin = "\nnixus-store\n";

/** The settings of Nix are some kilobytes, and a login shell has little to say. */
const longestHeader = 256 * 1024;

/** Fails with a DaemonProtocolError or DaemonDisconnected. */
export async function openStore(
  transport: Transport,
  onMessage: (message: DaemonMessage) => void,
): Promise<OpenStore> {
  const { header, rest } = await readHeader(transport);
  const store = await DaemonStore.open({ ...transport, input: rest }, onMessage);
  return { store, settings: parseSettings(header) };
}

async function readHeader(transport: Transport): Promise<{ header: string; rest: Readable }> {
  const chunks = (transport.input as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let seen = Buffer.alloc(0);
  for (;;) {
    const at = seen.indexOf(begin);
    if (at >= 0) {
      const rest = Readable.from(continued(seen.subarray(at + begin.length), chunks), { objectMode: false });
      return { header: seen.toString("utf8", 0, at), rest };
    }
    if (seen.length > longestHeader) {
      await transport.close();
      throw new DaemonProtocolError("what answers is no store");
    }
    const next = await chunks.next().catch(() => ({ done: true, value: undefined }) as const);
    if (next.done) {
      const cause = await transport.failure();
      throw new DaemonDisconnected(cause?.message ?? "the connection ended", { cause });
    }
    seen = Buffer.concat([seen, next.value]);
  }
}

async function* continued(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
