/** Git repositories for tests, with the same commits each time. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** No settings of whoever runs the tests. */
export const gitEnvironment = {
  PATH: process.env["PATH"],
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_COUNT: "1",
  GIT_CONFIG_KEY_0: "protocol.file.allow",
  GIT_CONFIG_VALUE_0: "always",
};

export class Repository {
  readonly path: string;
  private commits = 0;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    this.git("init", "--quiet", "--initial-branch=main");
  }

  git(...args: string[]): string {
    const date = `${1_700_000_000 + this.commits * 100} +0000`;
    const who = {
      GIT_AUTHOR_NAME: "n",
      GIT_AUTHOR_EMAIL: "n@x",
      GIT_COMMITTER_NAME: "n",
      GIT_COMMITTER_EMAIL: "n@x",
    };
    return execFileSync("git", ["-C", this.path, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...gitEnvironment, ...who, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    }).trim();
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [name, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, name)), { recursive: true });
      writeFileSync(join(this.path, name), contents);
    }
    return this;
  }

  /** Commits everything; returns the commit hash. */
  commit(files: Readonly<Record<string, string>> = {}): string {
    this.write(files);
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message=change");
    this.commits++;
    return this.git("rev-parse", "HEAD");
  }
}
