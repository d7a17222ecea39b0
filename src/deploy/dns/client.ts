/** Questions to one name server (RFC 1035, section 4.2): by UDP, and by TCP when the answer does not fit. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { type DecodedPacket, decode, encode, type RecordType, streamEncode } from "dns-packet";

export interface Question {
  /** Without escapes; see {@link isAskable}. */
  readonly name: string;
  readonly type: RecordType;
}

export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** No answer from the server. `unreachable`: this machine has no way to the address, so nothing is said of the server. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly unreachable: boolean;

  constructor(message: string, unreachable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.unreachable = unreachable;
  }
}

const attempts = 3;
/** Milliseconds; of each attempt. */
const patience = 2000;

/** Throws {@link NoAnswer}. */
export async function ask(server: ServerAddress, question: Question): Promise<DecodedPacket> {
  let failure: unknown;
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      const answer = await askByUdp(server, question);
      return answer.flag_tc ? await askByTcp(server, question) : answer;
    } catch (error) {
      failure = error;
      if (isUnreachable(error)) break;
    }
  }
  const reason = failure instanceof Error ? failure.message : String(failure);
  throw new NoAnswer(reason, isUnreachable(failure), { cause: failure });
}

function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENETUNREACH" || code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

function packet(question: Question) {
  const id = randomInt(0x10000);
  return { id, message: { type: "query" as const, id, flags: 0, questions: [question] } };
}

/** Whether it is the answer to the question, and not to another that somebody sent. */
function isAnswer(
  { id, type, questions = [] }: DecodedPacket,
  sent: number,
  { name, type: asked }: Question,
): boolean {
  const [question] = questions;
  return (
    id === sent &&
    type === "response" &&
    question?.type === asked &&
    question.name.toLowerCase() === name.toLowerCase()
  );
}

function askByUdp({ address, port }: ServerAddress, question: Question): Promise<DecodedPacket> {
  const { id, message } = packet(question);
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    const timer = setTimeout(() => end(() => reject(new Error("no answer"))), patience);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    socket.once("error", (error) => end(() => reject(error)));
    socket.on("message", (data) => {
      let answer: DecodedPacket;
      try {
        answer = decode(data);
      } catch {
        return;
      }
      if (isAnswer(answer, id, question)) end(() => resolve(answer));
    });
    // Connected, so that the kernel drops what comes from others, and says when nobody listens there.
    socket.connect(port, address, () => socket.send(encode(message)));
  });
}

function askByTcp({ address, port }: ServerAddress, question: Question): Promise<DecodedPacket> {
  const { id, message } = packet(question);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: patience });
    const parts: Buffer[] = [];
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once("connect", () => socket.write(streamEncode(message)));
    socket.once("timeout", () => fail(new Error("no answer")));
    socket.once("error", fail);
    socket.once("close", () => reject(new Error("the server closed the connection")));
    socket.on("data", (part) => {
      parts.push(part);
      const data = Buffer.concat(parts);
      if (data.length < 2 || data.length < 2 + data.readUInt16BE(0)) return;
      try {
        const answer = decode(data.subarray(2, 2 + data.readUInt16BE(0)));
        if (!isAnswer(answer, id, question)) throw new Error("the answer is to another question");
        resolve(answer);
        socket.destroy();
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
