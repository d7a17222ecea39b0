/** Asks for a password, twice, and shows nothing of it. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { UserError } from "../errors.ts";

/** From the terminal; from standard input, one line, where there is none. */
export async function askPassword(process: NodeJS.Process, label: string): Promise<string> {
  const ask = lineReader(process);
  try {
    const password = await ask(`Password for ${label}: `);
    if (password === "") throw new UserError("the password is empty");
    if (process.stdin.isTTY && (await ask("The same again: ")) !== password) {
      throw new UserError("the two passwords are different");
    }
    return password;
  } finally {
    ask.close();
  }
}

function lineReader(process: NodeJS.Process) {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: mute,
    terminal: process.stdin.isTTY ?? false,
  });
  const iterator = lines[Symbol.asyncIterator]();
  const ask = async (prompt: string): Promise<string> => {
    if (process.stdin.isTTY) process.stderr.write(prompt);
    const { value, done } = await iterator.next();
    if (process.stdin.isTTY) process.stderr.write("\n");
    if (done) throw new UserError("no password was given");
    return String(value);
  };
  return Object.assign(ask, { close: () => lines.close() });
}
