/** A Nix store through its daemon: the operations of the worker protocol that we use, for Nix 2.3 and later. */
import { type BuildResult, readBuildResult } from "./build-result.ts";
import { type Body, DaemonConnection } from "./connection.ts";
import { DaemonDisconnected, DaemonError } from "./errors.ts";
import type { DaemonMessage } from "./messages.ts";
import { type PathInfo, readPathInfo, writePathInfo } from "./path-info.ts";
import type { DaemonSettings } from "./settings.ts";
import type { Transport } from "./transport.ts";
import { WireWriter } from "./wire.ts";

/** Numbers of the operations (Nix's `worker-protocol.hh`). */
const operations = {
  isValidPath: 1,
  buildPaths: 9,
  ensurePath: 10,
  addTempRoot: 11,
  addIndirectRoot: 12,
  setOptions: 19,
  queryPathInfo: 26,
  queryValidPaths: 31,
  narFromPath: 38,
  addToStoreNar: 39,
  queryMissing: 40,
  addMultipleToStore: 44,
  buildPathsWithResults: 46,
} as const;

/** Outputs of a derivation, or a store path that is to be substituted. */
export type Target =
  | {
      readonly type: "derivation";
      readonly path: string;
      /** The outputs to build, by name, with their paths where these are known before. */
      readonly outputs: ReadonlyMap<string, string | undefined>;
    }
  | { readonly type: "path"; readonly path: string };

/** What a store would have to do to have something. */
export interface Missing {
  readonly willBuild: readonly string[];
  readonly willSubstitute: readonly string[];
  /** Neither there nor to be had from a substituter. */
  readonly unknown: readonly string[];
  /** Bytes. */
  readonly downloadSize: number;
  readonly narSize: number;
}

/** An object on its way into a store. */
export interface Incoming {
  readonly info: PathInfo;
  readonly nar: Body;
}

/** How many archives are asked for before they can be received. */
const lookahead = 8;

export class DaemonStore {
  private readonly connection: DaemonConnection;

  private constructor(connection: DaemonConnection) {
    this.connection = connection;
  }

  /** Fails with a DaemonProtocolError or DaemonDisconnected. */
  static async open(
    transport: Transport,
    onMessage: (message: DaemonMessage) => void = () => {},
  ): Promise<DaemonStore> {
    return new DaemonStore(await DaemonConnection.open(transport, onMessage));
  }

  /** e.g. `2.8.0`; undefined before Nix 2.4, which does not say. */
  get nixVersion(): string | undefined {
    return this.connection.nixVersion;
  }

  /** Version 1.N of the protocol. */
  get protocolMinor(): number {
    return this.connection.minor;
  }

  /** Whether the daemon trusts us; undefined before Nix 2.15, which does not say. */
  get trusted(): boolean | undefined {
    return this.connection.trusted;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Build on when something fails. All other settings stay what they are. */
  keepGoing(settings: DaemonSettings): Promise<void> {
    const information = 3;
    const notToStandardError = 7;
    return this.connection.request(
      operations.setOptions,
      (request) =>
        request
          .boolean(settings.keepFailed)
          .boolean(true)
          .boolean(settings.fallback)
          .integer(information)
          .integer(settings.maxJobs)
          .integer(settings.maxSilentTime)
          .boolean(true) // build hook, obsolete
          .integer(notToStandardError) // build logs come as activities
          .integer(0) // log type, obsolete
          .integer(0) // build trace, obsolete
          .integer(settings.cores)
          .boolean(settings.substitute)
          .integer(0), // no other settings
      async () => {},
    );
  }

  isValidPath(path: string): Promise<boolean> {
    return this.connection.request(
      operations.isValidPath,
      (request) => request.string(path),
      (reader) => reader.boolean(),
    );
  }

  /** Which of the paths the store has. With `substitute`, it first gets those that a substituter has. */
  async queryValidPaths(paths: readonly string[], substitute = false): Promise<Set<string>> {
    if (paths.length === 0) return new Set();
    const knowsFlag = this.connection.minor >= 27;
    if (substitute && !knowsFlag) await this.substitute(paths);
    return await this.connection.request(
      operations.queryValidPaths,
      (request) => {
        request.strings(paths);
        if (knowsFlag) request.boolean(substitute);
      },
      async (reader) => new Set(await reader.strings()),
    );
  }

  /** Gets what can be had; what can't be stays missing. */
  private async substitute(paths: readonly string[]): Promise<void> {
    const targets = paths.map((path) => ({ type: "path", path }) as const);
    const { willSubstitute } = await this.queryMissing(targets);
    if (willSubstitute.length === 0) return;
    try {
      await this.buildPaths(willSubstitute.map((path) => ({ type: "path", path })));
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
    }
  }

  /** null when the store does not have the path. */
  queryPathInfo(path: string): Promise<PathInfo | null> {
    return this.connection.request(
      operations.queryPathInfo,
      (request) => request.string(path),
      async (reader) => ((await reader.boolean()) ? await readPathInfo(path, reader) : null),
    );
  }

  /**
   * What these paths consist of, references before referrers. Fails with a DaemonError when one of them is not in
   * the store.
   */
  async closure(paths: readonly string[]): Promise<PathInfo[]> {
    const infos = new Map<string, PathInfo>();
    const asked = new Set(paths);
    for (let frontier = [...asked]; frontier.length > 0; ) {
      const found = await Promise.all(frontier.map((path) => this.queryPathInfo(path)));
      for (const [index, info] of found.entries()) {
        if (info === null) throw new DaemonError(`path '${frontier[index]}' is not valid`);
        infos.set(info.path, info);
      }
      frontier = [...infos.values()]
        .flatMap(({ references }) => references)
        .filter((path) => !asked.has(path));
      frontier = [...new Set(frontier)];
      for (const path of frontier) asked.add(path);
    }
    return referencesFirst(infos);
  }

  queryMissing(targets: readonly Target[]): Promise<Missing> {
    return this.connection.request(
      operations.queryMissing,
      (request) => request.strings(targets.map(showTarget)),
      async (reader) => ({
        willBuild: await reader.strings(),
        willSubstitute: await reader.strings(),
        unknown: await reader.strings(),
        downloadSize: await reader.integer(),
        narSize: await reader.integer(),
      }),
    );
  }

  /** Fails with a DaemonError when one of them can't be had. */
  buildPaths(targets: readonly Target[]): Promise<void> {
    return this.connection.request(
      operations.buildPaths,
      (request) => request.strings(targets.map(showTarget)).integer(0),
      async (reader) => {
        await reader.integer();
      },
    );
  }

  /** One result for each target. A daemon before Nix 2.9 only says that something failed: the outputs tell what. */
  async buildPathsWithResults(targets: readonly Target[]): Promise<BuildResult[]> {
    const { minor } = this.connection;
    if (minor < 34) return await this.buildAndLook(targets);
    const results = await this.connection.request(
      operations.buildPathsWithResults,
      (request) => request.strings(targets.map(showTarget)).integer(0),
      async (reader) => {
        const byTarget = new Map<string, BuildResult>();
        for (let left = await reader.count(); left > 0; left--) {
          const target = await reader.string();
          byTarget.set(target, await readBuildResult(minor, reader));
        }
        return byTarget;
      },
    );
    return targets.map((target) => {
      const result = results.get(showTarget(target)) ?? missingResult;
      return result.type === "built"
        ? { type: "built", outputs: allOutputs(target, result.outputs) }
        : result;
    });
  }

  private async buildAndLook(targets: readonly Target[]): Promise<BuildResult[]> {
    let failure: DaemonError | undefined;
    try {
      await this.buildPaths(targets);
    } catch (error) {
      if (!(error instanceof DaemonError)) throw error;
      failure = error;
    }
    const valid = await this.queryValidPaths(targets.flatMap(knownPaths));
    return targets.map((target) => {
      const paths = knownPaths(target);
      const built = paths.length > 0 && paths.every((path) => valid.has(path));
      if (built) return { type: "built", outputs: allOutputs(target, new Map()) };
      return { type: "failed", status: "failed", message: failure?.message ?? "it was not built" };
    });
  }

  /** Substitutes the path unless it is there. Fails with a DaemonError. */
  ensurePath(path: string): Promise<void> {
    return this.acknowledged(operations.ensurePath, path);
  }

  /** Protects a path, which need not be there yet, from the garbage collector as long as the connection lasts. */
  addTempRoot(path: string): Promise<void> {
    return this.acknowledged(operations.addTempRoot, path);
  }

  /** `link`: the absolute path of a symbolic link, in the daemon's file system, to what is to be protected. */
  addIndirectRoot(link: string): Promise<void> {
    return this.acknowledged(operations.addIndirectRoot, link);
  }

  /** An object as a NAR. Its references have to be there. */
  addToStoreNar({ info, nar }: Incoming): Promise<void> {
    return this.connection.upload(
      operations.addToStoreNar,
      (request) => {
        writePathInfo(request, info);
        request.boolean(false).boolean(true); // do not repair; do not check signatures, if we are trusted
      },
      nar,
    );
  }

  /** Objects, references before referrers. Those that came in before a failure stay. */
  async addMultipleToStore(
    count: number,
    objects: AsyncIterable<Incoming> | Iterable<Incoming>,
  ): Promise<void> {
    if (count === 0) return;
    if (this.connection.minor < 32) {
      for await (const object of objects) await this.addToStoreNar(object);
      return;
    }
    await this.connection.upload(
      operations.addMultipleToStore,
      (request) => request.boolean(false).boolean(true),
      multiple(count, objects),
    );
  }

  /** The archives of objects of the store, in this order. Each has to be read before the next one. */
  async *nars(infos: readonly PathInfo[]): AsyncGenerator<Incoming, void> {
    const waiting: OpenNar[] = [];
    const rest = infos[Symbol.iterator]();
    for (;;) {
      while (waiting.length < lookahead) {
        const next = rest.next();
        if (next.done) break;
        waiting.push(new OpenNar(this.connection, next.value));
      }
      const nar = waiting.shift();
      if (nar === undefined) return;
      yield { info: nar.info, nar: nar.chunks() };
    }
  }

  private acknowledged(operation: number, argument: string): Promise<void> {
    return this.connection.request(
      operation,
      (request) => request.string(argument),
      async (reader) => {
        await reader.integer();
      },
    );
  }
}

/** A request for an archive, of which the next answers wait until it has been read. */
class OpenNar {
  readonly info: PathInfo;
  private readonly connection: DaemonConnection;
  private readonly begun: Promise<(size: number) => AsyncGenerator<Buffer, void>>;
  private readonly ended: Promise<void>;
  private end: () => void = () => {};

  constructor(connection: DaemonConnection, info: PathInfo) {
    this.connection = connection;
    this.info = info;
    const read = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    let begin: (chunks: (size: number) => AsyncGenerator<Buffer, void>) => void = () => {};
    const begun = new Promise<(size: number) => AsyncGenerator<Buffer, void>>((resolve) => {
      begin = resolve;
    });
    this.ended = connection.request(
      operations.narFromPath,
      (request) => request.string(info.path),
      async (reader) => {
        begin((size) => reader.chunks(size));
        await read;
      },
    );
    this.begun = Promise.race([begun, this.ended.then(() => begun)]);
    // Both are awaited only by who reads it.
    this.begun.catch(() => {});
    this.ended.catch(() => {});
  }

  async *chunks(): AsyncGenerator<Buffer, void> {
    const chunks = await this.begun;
    let complete = false;
    try {
      yield* chunks(this.info.narSize);
      complete = true;
    } finally {
      if (!complete) this.connection.fail(new DaemonDisconnected("an archive was not read to its end"));
      this.end();
    }
    await this.ended;
  }
}

const missingResult: BuildResult = {
  type: "failed",
  status: "failed",
  message: "the Nix daemon does not say what became of it",
};

function showTarget(target: Target): string {
  return target.type === "path" ? target.path : `${target.path}!${[...target.outputs.keys()].join(",")}`;
}

function knownPaths(target: Target): string[] {
  if (target.type === "path") return [target.path];
  return [...target.outputs.values()].filter((path) => path !== undefined);
}

function allOutputs(target: Target, told: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const outputs = new Map(told);
  if (target.type === "path") return outputs;
  for (const [name, path] of target.outputs) if (path !== undefined) outputs.set(name, path);
  return outputs;
}

/** The body of addMultipleToStore: how many there are, and each with what is known of it. */
async function* multiple(
  count: number,
  objects: AsyncIterable<Incoming> | Iterable<Incoming>,
): AsyncGenerator<Uint8Array, void> {
  yield new WireWriter().integer(count).take();
  for await (const { info, nar } of objects) {
    const writer = new WireWriter();
    writePathInfo(writer, info);
    yield writer.take();
    yield* nar;
  }
}

/** In an order in which they can be added to another store. */
function referencesFirst(infos: ReadonlyMap<string, PathInfo>): PathInfo[] {
  const ordered: PathInfo[] = [];
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const info = infos.get(path);
    if (info === undefined) return;
    for (const reference of info.references) visit(reference);
    ordered.push(info);
  };
  for (const path of infos.keys()) visit(path);
  return ordered;
}
