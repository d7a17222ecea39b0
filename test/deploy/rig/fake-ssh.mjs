// Stands for ssh on the PATH of a test: says over the socket NIXUS_FAKE_SSH how it was called, passes standard input
// on, and does what it is told. Every message is one line of JSON.
import { connect } from "node:net";
import { createInterface } from "node:readline";

const socket = connect(process.env["NIXUS_FAKE_SSH"] ?? "");
/** @param {object} message */
const send = (message) => socket.write(`${JSON.stringify(message)}\n`);
send({ args: process.argv.slice(2) });
process.stdin.on("data", (data) => send({ input: data.toString("base64") }));
process.stdin.on("end", () => send({ inputEnd: true }));
for await (const line of createInterface({ input: socket })) {
  const message = JSON.parse(line);
  if (message.stdout !== undefined) process.stdout.write(message.stdout);
  if (message.stderr !== undefined) process.stderr.write(message.stderr);
  if (message.exit !== undefined) process.exit(message.exit);
}
// The test is over.
process.exit(255);
