// Runs the command of its arguments; prints what that printed and used as JSON.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const [command, ...args] = /** @type {[string, ...string[]]} */ (process.argv.slice(2));
const before = childTimes();
const start = performance.now();
const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
let output = "";
child.stdout.setEncoding("utf8").on("data", (text) => {
  output += text;
});
let memory = 0;
// The kernel keeps the peak itself; it has to be read while the process is there.
const watch = setInterval(() => {
  memory = Math.max(memory, peakMemory());
}, 20);
child.on("close", (status) => {
  clearInterval(watch);
  const wall = (performance.now() - start) / 1000;
  if (status !== 0) process.exit(1);
  const usage = { wall, cpu: childTimes() - before, memory };
  process.stdout.write(JSON.stringify({ output: output.trim(), usage }));
});

/** MiB, of the child. */
function peakMemory() {
  try {
    const match = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "latin1"));
    return match === null ? 0 : Number(match[1]) / 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}

/** Seconds, user and system, of the children that have ended (proc(5): cutime and cstime, in hundredths). */
function childTimes() {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
