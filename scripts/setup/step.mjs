// Running the parts of a set-up: one line each, with the time it took, and the whole output only when it fails.

import { spawn } from "node:child_process";

/** A step of the set-up that did not work; the message is complete and for people. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/**
 * Says what is being done, does it, and says how long it took.
 * @template T
 * @param {string} title a phrase like "Installing npm packages"
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function step(title, action) {
  const start = performance.now();
  process.stderr.write(`${title}... `);
  try {
    const result = await action();
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write("failed\n");
    throw error;
  }
}

/**
 * Runs a program without standard input (unless there is some); its output is shown only when it fails.
 * @param {readonly [string, ...string[]]} argv
 * @param {{ cwd?: string, env?: Record<string, string>, input?: string }} [options]
 * @returns {Promise<string>} standard output
 * @throws {SetupError} with the output, when the program fails or cannot be started
 */
export function command(argv, options = {}) {
  const [program, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let all = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      all += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      all += text;
    });
    child.stdin?.end(options.input);
    child.on("error", (cause) =>
      reject(new SetupError(`cannot run ${program}: ${cause.message}`, { cause })),
    );
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else {
        const status = signal ?? `exit status ${code}`;
        reject(new SetupError(`${argv.join(" ")} failed (${status}):\n${shortened(all.trimEnd())}`));
      }
    });
  });
}

/**
 * Some programs say what is wrong at the start and some at the end.
 * @param {string} output
 */
function shortened(output) {
  const lines = output.split("\n");
  const [start, end] = [20, 30];
  if (lines.length <= start + end) return output;
  return [...lines.slice(0, start), `[${lines.length - start - end} lines]`, ...lines.slice(-end)].join("\n");
}
