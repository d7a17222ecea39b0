import { connect, type Socket } from "node:net";

/** The other side did not answer, or with an error. */
export class PeerError extends Error {
  override name = "PeerError";
}

type Message = Readonly<Record<string, unknown>>;

/** One who speaks QMP's form of JSON, a message a line, at a Unix socket: qemu itself, or its guest agent. */
export class Peer {
  readonly #socket: Socket;
  readonly #onEvent: (event: Message) => void;
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  #text = "";
  #ended: Error | undefined;

  private constructor(socket: Socket, onEvent: (event: Message) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", (cause) => this.close(cause));
    socket.on("close", () => this.close());
    // It keeps nobody from ending.
    socket.unref();
  }

  static connect(path: string, onEvent: (event: Message) => void = () => {}): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Peer(socket, onEvent));
      });
    });
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Asks, and returns what is answered. Whoever does not answer in time (milliseconds) is not asked again. */
  async request(execute: string, args: Message = {}, timeout = 20_000): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    const timer = setTimeout(() => this.close(new PeerError(`no answer to ${execute}`)), timeout);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  close(cause: Error = new PeerError("the connection has ended")): void {
    if (this.#ended !== undefined) return;
    this.#ended = cause;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) reject(cause);
  }

  #read(text: string): void {
    this.#text += text;
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      // The rest of an answer to somebody before us.
      return;
    }
    if ("return" in message) this.#waiting.shift()?.resolve(message["return"]);
    else if ("error" in message)
      this.#waiting.shift()?.reject(new PeerError(JSON.stringify(message["error"])));
    else this.#onEvent(message);
  }
}
