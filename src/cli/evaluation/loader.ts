/**
 * The first file of a thread that evaluates: runs its program, with the code that V8 has compiled of it before. Compiling
 * takes a fifth of a second in an evaluation of four.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { workerData } from "node:worker_threads";
import type { Compiled, ThreadData } from "./thread-data.ts";

interface Program {
  run(): Promise<void> | void;
}

type Wrapper = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  filename: string,
  directory: string,
) => void;

const { program, compiled, compiledPort } = workerData as ThreadData;

async function load(): Promise<void> {
  const started = Date.now();
  const text = readFileSync(program, "utf8");
  const script = new Script(
    `(function (exports, require, module, __filename, __dirname) { "use strict"; ${text}\n})`,
    { filename: program, ...(compiled === undefined ? {} : { cachedData: Buffer.from(compiled.code) }) },
  );
  const module = { exports: {} };
  const wrapper: Wrapper = script.runInThisContext();
  wrapper(module.exports, createRequire(program), module, program, dirname(program));
  await (module.exports as Program).run();
  const after = Date.now() - started;
  if (compiledPort === undefined || !isWorthKeeping(script.cachedDataRejected !== false, after)) return;
  // Code is only good for the flags that it was made with; left-over.ts has changed this one.
  setFlagsFromString("--semi-space-growth-factor=2");
  const made: Compiled = { code: script.createCachedData(), after };
  compiledPort.postMessage(made);
}

/** What little has run before is compiled again when more has run: of one line, and then of a whole system. */
function isWorthKeeping(isNew: boolean, after: number): boolean {
  return isNew || compiled === undefined || after > 2 * compiled.after + 500;
}

load();
