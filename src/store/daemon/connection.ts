/**
 * The worker protocol beneath its operations: the handshake, and requests whose answers come in the order in which
 * they were sent. Requests do not wait for one another, so many can be under way at once.
 */
import type { Writable } from "node:stream";
import { DaemonDisconnected, DaemonError, DaemonProtocolError } from "./errors.ts";
import {
  type DaemonMessage,
  readErrorMessage,
  readMessage,
  stderrError,
  stderrLast,
  stderrRead,
} from "./messages.ts";
import type { Transport } from "./transport.ts";
import { WireReader, WireWriter } from "./wire.ts";

const clientMagic = 0x6e697863;
const serverMagic = 0x6478696f;
const major = 1;
/** The oldest is that of Nix 2.3; the newest is that of Nix 2.34, of whose features none is used. */
const oldestMinor = 21;
const newestMinor = 38;

export type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export class DaemonConnection {
  /** What both sides speak: the N of 1.N. */
  readonly minor: number;
  /** The daemon's own version, e.g. `2.8.0`; undefined where it is too old to say. */
  readonly nixVersion: string | undefined;
  /** Whether the daemon does what only trusted users may; undefined where it does not say. */
  readonly trusted: boolean | undefined;
  private readonly transport: Transport;
  private readonly reader: WireReader;
  private readonly onMessage: (message: DaemonMessage) => void;
  private writing: Promise<unknown> = Promise.resolve();
  private reading: Promise<unknown> = Promise.resolve();
  private broken: Error | undefined;
  private readonly foreignErrors = new Set<unknown>();

  private constructor(
    transport: Transport,
    reader: WireReader,
    onMessage: (message: DaemonMessage) => void,
    greeting: Greeting,
  ) {
    this.transport = transport;
    this.reader = reader;
    this.onMessage = onMessage;
    this.minor = greeting.minor;
    this.nixVersion = greeting.nixVersion;
    this.trusted = greeting.trusted;
  }

  /** Fails with a DaemonProtocolError or DaemonDisconnected, and the transport is closed then. */
  static async open(
    transport: Transport,
    onMessage: (message: DaemonMessage) => void,
  ): Promise<DaemonConnection> {
    // An error of the stream is also the failure of whatever is being written or read.
    transport.output.on("error", () => {});
    transport.input.on("error", () => {});
    const reader = new WireReader(transport.input);
    try {
      const greeting = await greet(reader, transport.output);
      const connection = new DaemonConnection(transport, reader, onMessage, greeting);
      await connection.untilLast();
      return connection;
    } catch (error) {
      const failure = await explained(error, transport);
      await transport.close();
      throw failure;
    }
  }

  /** Sends a request and reads its answer, which begins behind the messages that the daemon sends meanwhile. */
  request<T>(
    operation: number,
    write: (request: WireWriter) => void,
    reply: (reader: WireReader) => Promise<T>,
  ): Promise<T> {
    return this.exchange(
      () => this.send(header(operation, write)),
      async () => {
        await this.untilLast();
        return await reply(this.reader);
      },
    );
  }

  /** A request that is followed by bytes whose number need not be known. */
  upload(operation: number, write: (request: WireWriter) => void, body: Body): Promise<void> {
    const request = header(operation, write);
    return this.minor >= 23 ? this.uploadFramed(request, body) : this.uploadOnDemand(request, body);
  }

  async close(): Promise<void> {
    this.broken ??= new DaemonDisconnected("the connection to the Nix daemon was closed");
    await this.transport.close();
  }

  /** Makes the connection unusable: the two sides are out of step. */
  fail(error: Error): void {
    this.broken ??= error;
    void this.transport.close();
  }

  /** In frames of a size each, the last one empty. The daemon may say at any time that it has failed. */
  private uploadFramed(request: Buffer, body: Body): Promise<void> {
    let refused = false;
    return this.exchange(
      async () => {
        await this.send(request);
        for await (const chunk of this.foreign(body)) {
          if (refused) break;
          if (chunk.length === 0) continue;
          await this.send(new WireWriter().integer(chunk.length).take());
          await this.send(chunk);
        }
        await this.send(new WireWriter().integer(0).take());
      },
      async () => {
        try {
          await this.untilLast();
        } catch (error) {
          refused = true;
          throw error;
        }
      },
    );
  }

  /** Before protocol 1.23: the daemon asks for as much as it can take. */
  private uploadOnDemand(request: Buffer, body: Body): Promise<void> {
    let sent: (() => void) | undefined;
    const uploaded = new Promise<void>((resolve) => {
      sent = resolve;
    });
    return this.exchange(
      async () => {
        await this.send(request);
        await uploaded;
      },
      async () => {
        try {
          await this.untilLast(new PullSource(this.foreign(body)));
        } finally {
          sent?.();
        }
      },
    );
  }

  /**
   * `send` runs when what was to be sent before is out, `receive` when the answers before were read: at the same
   * time as `send`, where that takes long.
   */
  private exchange<T>(send: () => Promise<void>, receive: () => Promise<T>): Promise<T> {
    const sent = this.writing.then(async () => {
      if (this.broken !== undefined) throw this.broken;
      await send();
    });
    this.writing = sent.catch((error: unknown) => this.fail(asError(error)));
    const received = this.reading.then(receive).catch((error: unknown) => {
      if (!(error instanceof DaemonError)) this.fail(asError(error));
      throw error;
    });
    this.reading = received.catch(() => {});
    return this.settle(sent, received);
  }

  /** What failed first says most: our source, or the daemon. That nothing could be sent says more than no answer. */
  private async settle<T>(sent: Promise<void>, received: Promise<T>): Promise<T> {
    const [sending, answer] = await Promise.allSettled([sent, received]);
    if (answer.status === "fulfilled" && sending.status === "fulfilled") return answer.value;
    if (sending.status === "rejected" && this.foreignErrors.has(sending.reason)) throw sending.reason;
    if (answer.status === "rejected" && answer.reason instanceof DaemonError) throw answer.reason;
    const error: unknown =
      sending.status === "rejected" ? sending.reason : (answer as PromiseRejectedResult).reason;
    throw await explained(error, this.transport);
  }

  /** What fails here is not our connection, although it may be another one. */
  private async *foreign(body: Body): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (error) {
      this.foreignErrors.add(error);
      throw error;
    }
  }

  private async send(bytes: Uint8Array): Promise<void> {
    await write(this.transport.output, bytes);
  }

  /** Reads messages until the daemon says that it has done the work. */
  private async untilLast(source?: PullSource): Promise<void> {
    for (;;) {
      const kind = await this.reader.integer();
      if (kind === stderrLast) return;
      if (kind === stderrError) throw new DaemonError(await readErrorMessage(this.minor, this.reader));
      if (kind === stderrRead && source !== undefined) {
        const wanted = await this.reader.integer();
        await this.send(new WireWriter().bytes(await source.upTo(wanted)).take());
        continue;
      }
      const message = await readMessage(kind, this.reader);
      if (message === undefined) {
        throw new DaemonProtocolError(
          `the Nix daemon sent a message of the unknown kind 0x${kind.toString(16)}`,
        );
      }
      this.onMessage(message);
    }
  }
}

interface Greeting {
  readonly minor: number;
  readonly nixVersion: string | undefined;
  readonly trusted: boolean | undefined;
}

async function greet(reader: WireReader, output: Writable): Promise<Greeting> {
  await write(
    output,
    new WireWriter()
      .integer(clientMagic)
      .integer((major << 8) | newestMinor)
      .take(),
  );
  if ((await reader.identifier()) !== BigInt(serverMagic)) {
    throw new DaemonProtocolError("what answers is no Nix daemon");
  }
  const theirs = await reader.integer();
  if (theirs >> 8 !== major || (theirs & 0xff) < oldestMinor) {
    throw new DaemonProtocolError(
      `the Nix daemon speaks version ${theirs >> 8}.${theirs & 0xff} of its protocol; ${major}.${oldestMinor} (Nix 2.3) or a later ${major}.x is needed`,
    );
  }
  const minor = Math.min(theirs & 0xff, newestMinor);
  if (minor >= 38) {
    await write(output, new WireWriter().strings([]).take());
    await reader.strings();
  }
  // No processor affinity, no reserved space.
  await write(output, new WireWriter().integer(0).integer(0).take());
  const nixVersion = minor >= 33 ? await reader.string() : undefined;
  const trust = minor >= 35 ? await reader.integer() : 0;
  return { minor, nixVersion, trusted: trust === 0 ? undefined : trust === 1 };
}

function header(operation: number, write: (request: WireWriter) => void): Buffer {
  const request = new WireWriter().integer(operation);
  write(request);
  return request.take();
}

/** Resolves when the system has taken the bytes. */
function write(output: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(bytes, (cause) => {
      if (cause) reject(new DaemonDisconnected("the connection to the Nix daemon was lost", { cause }));
      else resolve();
    });
  });
}

/** A lost connection with the reason that the transport knows. */
async function explained(error: unknown, transport: Transport): Promise<unknown> {
  if (!(error instanceof DaemonDisconnected)) return error;
  const cause = await transport.failure();
  if (cause === undefined) return error;
  return new DaemonDisconnected(`${error.message}: ${cause.message}`, { cause });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Gives bytes of a stream in portions whose size the receiver says. */
class PullSource {
  private readonly iterator: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array();

  constructor(body: AsyncIterable<Uint8Array>) {
    this.iterator = body[Symbol.asyncIterator]();
  }

  /** At least one byte; none at the end. */
  async upTo(size: number): Promise<Uint8Array> {
    while (this.rest.length === 0) {
      const next = await this.iterator.next();
      if (next.done) return this.rest;
      this.rest = next.value;
    }
    const taken = this.rest.subarray(0, size);
    this.rest = this.rest.subarray(taken.length);
    return taken;
  }
}
