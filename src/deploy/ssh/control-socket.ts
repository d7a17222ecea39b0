/** Speaks to an ssh that shares its connection, through its control socket (OpenSSH's PROTOCOL.mux). */
import { connect } from "node:net";

const hello = 0x00000001;
const protocolVersion = 4;
const terminate = 0x10000005;

/** Milliseconds. */
const patience = 2000;

/**
 * Ends the shared connection, as `ssh -O exit` does, but without starting a program for it. Never fails: without a
 * connection there is nothing to do, and one that does not answer ends by itself when nothing uses it.
 */
export async function endSharedConnection(controlPath: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect({ path: controlPath });
    socket.setTimeout(patience, () => socket.destroy());
    socket.once("connect", () => {
      socket.write(message(hello, protocolVersion));
      socket.write(message(terminate, 0));
    });
    // What it answers makes no difference; reading lets its end be noticed.
    socket.resume();
    socket.once("error", () => resolve());
    socket.once("close", () => resolve());
  });
}

/** A packet: its length, its type, and one number. */
function message(type: number, number: number): Buffer {
  const packet = Buffer.alloc(12);
  packet.writeUInt32BE(8, 0);
  packet.writeUInt32BE(type, 4);
  packet.writeUInt32BE(number, 8);
  return packet;
}
