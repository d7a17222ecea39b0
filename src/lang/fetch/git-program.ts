/** The `git` program. Arguments, output and paths are byte strings. */
import { spawnSync } from "node:child_process";
import { fromBytes, fromText, toBytes, toText } from "../../store/bytes.ts";
import { StoreError } from "../../store/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface GitOptions {
  readonly input?: string;
  /** A file descriptor that gets the standard output. */
  readonly output?: number;
  /** Variables in addition. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What would make git work on another repository than the one that it is told to. */
const confusing = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
];

export class Git {
  private readonly env: Environment;
  /** Before all other arguments, e.g. `-C` and a path. */
  private readonly where: readonly string[];

  constructor(env: Environment, where: readonly string[] = []) {
    const own = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
    const isHarmless = ([name]: [string, string | undefined]) => !confusing.includes(name);
    this.env = { ...Object.fromEntries(Object.entries(env).filter(isHarmless)), ...own };
    this.where = where;
  }

  /** Git on the repository of this work tree. */
  inWorkTree(path: string): Git {
    return new Git(this.env, ["-C", path]);
  }

  /** Git on this bare repository. */
  inRepository(path: string): Git {
    return new Git(this.env, [`--git-dir=${path}`]);
  }

  /** The standard output. Fails with a StoreError that has what git said. */
  run(args: readonly string[], options: GitOptions = {}): string {
    const { status, stdout, stderr } = this.spawn(args, options);
    if (status !== 0) throw new StoreError(`git ${args[0]} failed: ${stderr}`);
    return stdout;
  }

  /** The standard output, undefined when git says no (a status other than 0). */
  ask(args: readonly string[], options: GitOptions = {}): string | undefined {
    const { status, stdout } = this.spawn(args, options);
    return status === 0 ? stdout : undefined;
  }

  private spawn(args: readonly string[], { input, output, env }: GitOptions) {
    const all = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", ...this.where, ...args];
    const result = spawnSync("git", all.map(toText), {
      stdio: [input === undefined ? "ignore" : "pipe", output ?? "pipe", "pipe"],
      ...(input === undefined ? {} : { input: toBytes(input) }),
      env: { ...this.env, ...env },
      maxBuffer: 1 << 30,
    });
    if (result.error !== undefined) {
      const why =
        "code" in result.error && result.error.code === "ENOENT" ? "is not installed" : "cannot run";
      throw new StoreError(`the program 'git' ${why}, and it is needed to fetch Git repositories`, {
        cause: result.error,
      });
    }
    return {
      status: result.status,
      stdout: output === undefined ? fromBytes(result.stdout) : "",
      stderr:
        fromText(result.stderr.toString().trim()) || `it ended with status ${result.status ?? result.signal}`,
    };
  }
}
