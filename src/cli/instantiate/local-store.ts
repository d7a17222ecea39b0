/** Brings what an evaluation made into the store of this machine, where a Nix takes care of it. */
import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { exportStream } from "../../store/export.ts";
import { StartError, started } from "../../store/programs.ts";
import type { StoreObject } from "../../store/tree.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import { LocalStoreError } from "./local-store-error.ts";

export interface LocalStoreOptions {
  /** Which store, as `nix-store --store` takes it. */
  readonly uri: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Below what a command line may hold. */
const pathsPerCall = 1000;

export class LocalStore {
  private readonly options: LocalStoreOptions;

  constructor(options: LocalStoreOptions) {
    this.options = options;
  }

  /** Writes the objects, with all that they refer to, unless they are there. Throws a LocalStoreError. */
  async write(objects: VirtualStore, roots: Iterable<string>): Promise<void> {
    const wanted = closure(objects, roots);
    const missing = await this.missing(wanted);
    if (missing.size === 0) return;
    const toSend = wanted.filter((path) => missing.has(path)).map((path) => held(objects, path));
    await this.run("nix-store", ["--import"], Readable.from(exportStream(toSend)));
  }

  /**
   * Makes a link to a derivation's `.drv` that protects it from the garbage collector, and returns its path as Nix
   * shows it. Throws a LocalStoreError.
   */
  async addRoot(derivation: string, link: string): Promise<string> {
    // nix-store would build it; for nix-instantiate, a set that says where it is, is a derivation too.
    const set = `{ type = "derivation"; name = "root"; outputName = "out"; drvPath = "${derivation}"; }`;
    return (await this.run("nix-instantiate", ["--add-root", link, "--indirect", "-E", set])).trimEnd();
  }

  /** Builds a derivation that is there and returns the paths of its outputs. Throws a LocalStoreError. */
  async build(derivation: string): Promise<readonly string[]> {
    const paths = await this.run("nix-store", ["--realise", derivation]);
    return paths.split("\n").filter((path) => path !== "");
  }

  private async missing(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const missing = new Set<string>();
    for (let start = 0; start < paths.length; start += pathsPerCall) {
      const some = paths.slice(start, start + pathsPerCall);
      const invalid = await this.run("nix-store", ["--check-validity", "--print-invalid", ...some]);
      for (const path of invalid.split("\n")) if (path !== "") missing.add(path);
    }
    return missing;
  }

  /** Standard output of the program. */
  private async run(program: string, args: readonly string[], input?: Readable): Promise<string> {
    const { uri, env } = this.options;
    const store = uri === undefined ? [] : ["--store", uri];
    const child = await started(program, () =>
      spawn(program, [...store, ...args], { env, stdio: ["pipe", "pipe", "pipe"] }),
    ).catch((cause: unknown) => {
      throw new LocalStoreError(startFailure(cause), { cause });
    });
    const sent = input === undefined ? finished(child.stdin.end()) : pipeline(input, child.stdin);
    // A program that ends early says on standard error why; that its input broke off says less.
    const ended = Promise.all([text(child.stdout), text(child.stderr), exitCode(child), settled(sent)]);
    const [stdout, stderr, code, sendFailure] = await ended;
    if (code !== 0) throw new LocalStoreError(`${program} failed: ${lastError(stderr, code)}`);
    if (sendFailure !== undefined) throw new LocalStoreError(sendFailure.message, { cause: sendFailure });
    return stdout;
  }
}

/** Referenced objects first; what other objects on this machine refer to is not followed. */
function closure(objects: VirtualStore, roots: Iterable<string>): readonly string[] {
  const order: string[] = [];
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    if (objects.get(path) !== undefined) for (const reference of objects.references(path)) visit(reference);
    order.push(path);
  };
  for (const root of roots) visit(root);
  return order;
}

function held(objects: VirtualStore, path: string): StoreObject {
  const object = objects.get(path);
  if (object === undefined) throw new LocalStoreError(`'${path}' is not valid there and was not made here`);
  return object;
}

function exitCode(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("close", resolve);
  });
}

async function settled(work: Promise<void>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function startFailure(cause: unknown): string {
  return cause instanceof StartError && cause.absent
    ? "there is no Nix on this machine"
    : (cause as Error).message;
}

function lastError(stderr: string, code: number | null): string {
  const line = stderr.split("\n").findLast((each) => each.startsWith("error:"));
  return line?.slice("error:".length).trim() ?? `exit ${code}`;
}
