// A relay between the deployer and sshd whose behaviour can be changed while connections go through it: it can hold new
// connections, stall uploads, add latency, stutter as TCP does when packets are lost, fall silent, or reset everything.
//
//   node relay.mjs LISTEN-ADDRESS LISTEN-PORT TARGET-ADDRESS TARGET-PORT
//
// Standard input: one JSON object a line, a change of the settings below. Standard output: one JSON object a line.

import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const settings = {
  /** New connections are accepted and wait. */
  hold: false,
  /** Milliseconds that everything takes in each direction. */
  latency: 0,
  /** How often in a hundred a piece of data is late, by the times of a TCP that has to send it again. */
  loss: 0,
  /** After so many bytes from the deployer, counted from now on, nothing goes to the machine any more; null: never. */
  stallAfter: null,
  /** Nothing goes through in either direction; connections stay. */
  silent: false,
};

const [listenAddress, listenPort, targetAddress, targetPort] = process.argv.slice(2);
/** @type {Set<Link>} */
const links = new Set();
let uploaded = 0;

/** @param {object} event */
function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/** One direction of a connection: pieces that leave in order, each not before its time. */
class Direction {
  /** @type {{ at: number, data: Buffer | null }[]} */
  #queue = [];
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #from;
  #to;
  #upload;

  /** @param {import("node:net").Socket} from @param {import("node:net").Socket} to @param {boolean} upload */
  constructor(from, to, upload) {
    this.#from = from;
    this.#to = to;
    this.#upload = upload;
    from.on("data", (data) => this.#add(data));
    from.on("end", () => this.#add(null));
  }

  /** @param {Buffer | null} data null: the end */
  #add(data) {
    const late = data !== null && Math.random() * 100 < settings.loss ? 200 + Math.random() * 800 : 0;
    const before = this.#queue.at(-1)?.at ?? 0;
    this.#queue.push({ at: Math.max(before, performance.now() + settings.latency + late), data });
    this.pump();
  }

  /** Sends what may be sent; the rest later. */
  pump() {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0) {
      const stalled = this.#upload && settings.stallAfter !== null && uploaded >= settings.stallAfter;
      if (stalled) tell({ event: "stalled" });
      if (settings.silent || stalled) {
        this.#from.pause();
        return;
      }
      const [next] = this.#queue;
      if (next === undefined) return;
      const { at, data } = next;
      const wait = at - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      this.#queue.shift();
      if (data === null) this.#to.end();
      else {
        if (this.#upload) uploaded += data.length;
        this.#to.write(data);
      }
    }
    this.#from.resume();
  }
}

class Link {
  /** @param {import("node:net").Socket} client */
  constructor(client) {
    this.client = client;
    this.server = undefined;
    /** @type {Direction[]} */
    this.directions = [];
    client.on("error", () => this.end());
    client.on("close", () => this.end());
    client.pause();
    links.add(this);
    tell({ event: "connection", held: settings.hold });
    this.open();
  }

  open() {
    if (settings.hold || this.server !== undefined) return;
    this.server = connect({ host: targetAddress, port: Number(targetPort), allowHalfOpen: true });
    this.server.on("error", () => this.reset());
    this.server.on("close", () => this.end());
    this.directions = [
      new Direction(this.client, this.server, true),
      new Direction(this.server, this.client, false),
    ];
    for (const direction of this.directions) direction.pump();
  }

  /** Both ends see a connection that was reset. */
  reset() {
    this.client.resetAndDestroy();
    this.server?.resetAndDestroy();
    links.delete(this);
  }

  end() {
    if (!links.delete(this)) return;
    this.client.destroySoon();
    this.server?.destroySoon();
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { reset, ...changes } = JSON.parse(line);
    if ("stallAfter" in changes) uploaded = 0;
    Object.assign(settings, changes);
    if (reset === true) for (const link of [...links]) link.reset();
    for (const link of [...links]) {
      link.open();
      for (const direction of link.directions) direction.pump();
    }
    tell({ event: "set" });
  })
  .on("close", () => process.exit(0));

createServer({ allowHalfOpen: true }, (client) => new Link(client)).listen(
  Number(listenPort),
  listenAddress,
  () => tell({ event: "ready" }),
);
