/** `nixus secrets ...` and `--locked`: the real program, with real keys and, where it is installed, the age program. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decrypt, encrypt } from "../../../src/deploy/secrets/age/age.ts";
import { loadIdentities } from "../../../src/deploy/secrets/age/identities.ts";
import { type Ended, Program } from "../program.ts";

const timeout = 120_000;

let program: Program;
let alice: string;
beforeAll(async () => {
  program = await Program.create();
  alice = program.sshKey();
  // Nobody may be connected to.
  program.provide("ssh", `#!/bin/sh\ntouch ${program.at("connected")}\nexit 255\n`);
  program.write("key", "the key of web\n");
}, timeout);
afterAll(() => program[Symbol.dispose]());

interface Variation {
  readonly deployers?: readonly string[];
  readonly files?: string;
  /** Names of secrets that the system of web refers to. */
  readonly uses?: readonly string[];
}

function writeNetwork({ deployers = [alice], files = "", uses = ["key"] }: Variation = {}): void {
  const keys = deployers.map((key) => `"${key}"`).join(" ");
  program.write(
    "network.nix",
    `{
      defaults = { platform = "linux"; deployers = [ ${keys} ]; };
      nodes.db = { };
      nodes.web.configuration = { config, ... }: {
        secrets.files = {
          key = { file = ./key; user = "web"; group = "www"; };
          token = { generate = "random"; };
          tunnel = { generate = "wireguard"; };
          ${files}
        };
        users.users.web = { isSystemUser = true; group = "www"; };
        users.groups.www = { };
        environment.etc.uses.text = toString [ ${uses.map((name) => `config.secrets.files.${name}.file`).join(" ")} ];
      };
      secrets.backup = { command = [ "printf" "of the backup" ]; nodes = [ "db" "web" ]; persistent = false; };
    }`,
  );
}

const secrets = (...args: string[]) => program.nixus(["secrets", ...args]);
const lock = () => readFileSync(program.at("nixus.lock"), "utf8");
const section = () => JSON.parse(lock()).secrets as Record<string, Record<string, never>> & { key: string };
const encrypted = (name: string) => program.at("secrets/nodes/web", `${name}.age`);

const hasAge = spawnSync("age", ["--version"]).status === 0;

/** What somebody with this key gets, with the age program where it is installed. */
async function decrypted(file: string, key = "id_ed25519"): Promise<string> {
  const identity = join(program.home, ".ssh", key);
  if (hasAge) return execFileSync("age", ["-d", "-i", identity, file], { encoding: "utf8", stdio: "pipe" });
  return Buffer.from(await decrypt(readFileSync(file), loadIdentities([identity], {}), file)).toString();
}

function succeeded({ status, stdout, stderr }: Ended): string {
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

function failed({ status, stderr }: Ended): string {
  expect(status).toBe(1);
  expect(stderr).not.toContain("something went wrong inside nixus");
  return stderr;
}

describe("from nothing to a network that is deployed", () => {
  test(
    "generate makes what is missing, encrypted with age, and says public keys",
    async () => {
      writeNetwork();
      const output = succeeded(await secrets("generate"));
      expect(output).toMatch(/^web\/token: generated\nweb\/tunnel: generated, (?<key>[A-Za-z0-9+/]{43}=)\n$/);
      expect(await decrypted(encrypted("token"))).toMatch(/^[A-Za-z0-9]{43}$/);
      expect(section()).toMatchObject({
        nodes: { web: { token: expect.any(String), tunnel: expect.any(String) } },
        publicKeys: { "web/tunnel": expect.stringMatching(/=$/) },
      });
      const before = readFileSync(encrypted("token"));
      expect(succeeded(await secrets("generate"))).toContain("nothing to generate");
      expect(readFileSync(encrypted("token"))).toEqual(before);
      expect(failed(await secrets("generate", "web/key"))).toContain("'web/key' is not generated");
    },
    timeout,
  );

  test(
    "list says where each comes from, whose it is and whether the lock file has it",
    async () => {
      const rows = succeeded(await secrets("list"))
        .trim()
        .split("\n");
      expect(rows).toEqual([
        expect.stringMatching(/^backup +root:root 0400 +not in nixus\.lock +command printf of the backup$/),
        expect.stringMatching(/^web\/key +web:www 0440 +not in nixus\.lock +file \/.*\/network\/key$/),
        expect.stringMatching(/^web\/token +root:root 0400 +locked +generated \(random\)$/),
        expect.stringMatching(/^web\/tunnel +root:root 0400 +locked +generated \(wireguard\)$/),
      ]);
      const [backup] = JSON.parse(succeeded(await secrets("list", "--json"))) as object[];
      expect(backup).toMatchObject({
        ...{ secret: "backup", nodes: ["db", "web"], locked: false, persistent: false },
        ...{ user: "root", group: "root", mode: "0400", path: "/run/nixus-secrets/backup" },
      });
    },
    timeout,
  );

  test(
    "update writes what is new, once, and --locked fails instead",
    async () => {
      const before = lock();
      const refused = "nixus.lock is not up to date: new secrets backup, web/key";
      expect(failed(await secrets("update", "--locked"))).toContain(refused);
      expect(lock()).toBe(before);
      expect(succeeded(await secrets("update"))).toBe("nixus.lock: new secrets backup, web/key\n");
      expect(section()).toMatchObject({ shared: { backup: expect.stringMatching(/^[0-9a-z]{32}$/) } });
      const after = lock();
      expect(succeeded(await secrets("update"))).toBe("nixus.lock is up to date\n");
      expect(succeeded(await secrets("update", "--locked"))).toBe("nixus.lock is up to date\n");
      expect(lock()).toBe(after);
      for (const content of ["the key of web", "of the backup", await decrypted(encrypted("token"))]) {
        expect(after).not.toContain(content);
        expect(after).not.toContain(Buffer.from(content).toString("base64"));
      }
    },
    timeout,
  );

  test(
    "who-can-read says who deploys it and whose it is on machines",
    async () => {
      expect(succeeded(await secrets("who-can-read", "web/key", "web/token"))).toBe(
        `web/key:\n  who has file ${program.at("key")}\n  on web: root, user web, group www\nweb/token:\n  ${alice}\n  on web: root\n`,
      );
      expect(failed(await secrets("who-can-read", "web/tokn"))).toContain("did you mean 'web/token'?");
    },
    timeout,
  );

  test(
    "who has no key builds all the same, and deploys nothing",
    async () => {
      const nobody = { env: { HOME: program.at(), XDG_STATE_HOME: program.at("state") } };
      expect((await program.nixus(["build"], nobody)).status).toBe(0);
      expect(existsSync(program.at("result"))).toBe(true);
      expect(failed(await program.nixus(["secrets", "check"], nobody))).toContain(
        "is not encrypted to any key that is here",
      );
    },
    timeout,
  );
});

describe("a content that is another one", () => {
  test(
    "check tells, --locked fails before anything is connected to, and update takes it",
    async () => {
      expect(succeeded(await secrets("check"))).toBe(
        ["backup", "web/key", "web/token", "web/tunnel"]
          .map((name) => `${name}: as in nixus.lock\n`)
          .join(""),
      );
      program.write("key", "another key of web\n");
      const checked = await secrets("check", "web/key", "backup");
      expect(checked).toEqual({
        status: 1,
        stdout: "web/key: has another content than nixus.lock says\nbackup: as in nixus.lock\n",
        stderr: "",
      });
      const before = lock();
      const deployed = await program.nixus(["deploy", "--locked"]);
      expect(failed(deployed)).toContain(
        "nixus.lock does not have the contents that these secrets have: 'web/key'",
      );
      expect(lock()).toBe(before);
      expect(existsSync(program.at("connected"))).toBe(false);
      expect(succeeded(await secrets("update"))).toBe("nixus.lock: changed secret web/key\n");
      const known = await program.nixus(["deploy", "--locked"]);
      expect(known.stdout).toContain("Connecting to host...");
      rmSync(program.at("connected"));
    },
    timeout,
  );

  test(
    "one that can't be had is named by check and update, which take the others",
    async () => {
      writeNetwork({ files: `gone.file = ./none; empty = { command = [ "true" ]; };` });
      const checked = await secrets("check");
      expect(checked.status).toBe(1);
      expect(checked.stdout).toContain("error: secret 'web/gone' (node web): the file '");
      expect(checked.stdout).toContain(
        "error: secret 'web/empty' (node web): the command 'true' prints nothing",
      );
      expect(checked.stdout).toContain("web/key: as in nixus.lock");
      expect(failed(await secrets("update"))).toContain("2 secrets cannot be had:");
      writeNetwork();
    },
    timeout,
  );

  test(
    "a variable that is a secret is no variable of programs",
    async () => {
      writeNetwork({
        files: `
          variable.environmentVariable = "SECRET_OF_WEB";
          printed.command = [ "sh" "-c" "env >seen; echo printed" ];`,
        uses: ["variable", "printed"],
      });
      const env = { SECRET_OF_WEB: "from-the-environment", EDITOR: "sh -c 'env >edited' sh" };
      const run = (...args: string[]) => program.nixus(args, { env });
      const seen = (file: string) => readFileSync(program.at(file), "utf8");
      expect((await run("secrets", "check", "web/variable")).stdout).toContain(
        "web/variable: not in nixus.lock",
      );
      succeeded(await run("secrets", "update"));
      expect(seen("seen")).toContain("HOME=");
      expect(seen("seen")).not.toContain("SECRET_OF_WEB");
      rmSync(program.at("seen"));
      await run("deploy", "--locked", "web");
      expect(seen("seen")).not.toContain("SECRET_OF_WEB");
      succeeded(await run("secrets", "edit", "web/token"));
      expect(seen("edited")).not.toContain("SECRET_OF_WEB");
      rmSync(program.at("connected"), { force: true });
      writeNetwork();
      succeeded(await secrets("update"));
    },
    timeout,
  );

  test(
    "rotate makes generated ones anew, and others not",
    async () => {
      const token = await decrypted(encrypted("token"));
      const before = section();
      expect(succeeded(await secrets("rotate", "web/token", "web/tunnel"))).toBe(
        "web/token: has another content\nweb/tunnel: has another content\n",
      );
      expect(await decrypted(encrypted("token"))).not.toBe(token);
      const after = section();
      for (const name of ["token", "tunnel"]) {
        expect(after["nodes"]?.["web"]?.[name]).not.toBe(before["nodes"]?.["web"]?.[name]);
      }
      expect(after["publicKeys"]).not.toEqual(before["publicKeys"]);
      expect(after["nodes"]?.["web"]?.["key"]).toBe(before["nodes"]?.["web"]?.["key"]);
      expect(failed(await secrets("rotate", "backup"))).toContain("'backup' is not generated");
      expect(await secrets("rotate")).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("name the generated secrets"),
      });
    },
    timeout,
  );

  test(
    "rotate --key gives all digests another key",
    async () => {
      const before = section();
      expect(succeeded(await secrets("rotate", "--key"))).toContain("all digests are made with a new key");
      const after = section();
      expect(after.key).not.toBe(before.key);
      expect(after["shared"]?.["backup"]).not.toBe(before["shared"]?.["backup"]);
      expect(after["nodes"]?.["web"]?.["key"]).not.toBe(before["nodes"]?.["web"]?.["key"]);
      expect(succeeded(await secrets("check"))).not.toContain("another content");
    },
    timeout,
  );

  test(
    "edit writes what the editor left, encrypted to the same people",
    async () => {
      const edit = (editor: string, ...args: string[]) =>
        program.nixus(["secrets", "edit", ...args], { env: { EDITOR: editor } });
      const append = `sh -c 'printf -- -more >>"$1"' sh`;
      const before = { content: await decrypted(encrypted("token")), lock: lock() };
      expect(succeeded(await edit("true", "web/token"))).toBe("web/token: unchanged\n");
      expect(succeeded(await edit(append, "web/token"))).toBe("web/token: changed\n");
      expect(await decrypted(encrypted("token"))).toBe(`${before.content}-more`);
      expect(lock()).not.toBe(before.lock);
      expect(succeeded(await secrets("check", "web/token"))).toBe("web/token: as in nixus.lock\n");
      const kept = readFileSync(encrypted("token"));
      expect(failed(await edit("false", "web/token"))).toContain("nothing was changed");
      expect(failed(await edit(`sh -c ': >"$1"' sh`, "web/token"))).toContain(
        "it is empty; nothing was changed",
      );
      expect(failed(await edit(append, "web/key"))).toContain("'web/key' is not encrypted with age");
      expect(readFileSync(encrypted("token"))).toEqual(kept);
    },
    timeout,
  );
});

describe("people who come and go", () => {
  test(
    "update encrypts to them, and to nobody else any more; their order says nothing",
    async () => {
      const bob = program.sshKey("bob");
      const asBob = (...args: string[]) => secrets(...args, "--identity", join(program.home, ".ssh", "bob"));
      expect(failed(await asBob("check"))).toContain("is not encrypted to any key that is here");
      writeNetwork({ deployers: [alice, bob] });
      const joined = succeeded(await secrets("update"));
      expect(joined).toContain("web/token: encrypted to those who deploy it now\n");
      expect(joined).toContain("nixus.lock: the key of the secrets' digests was updated\n");
      expect(await decrypted(encrypted("token"), "bob")).toBe(await decrypted(encrypted("token")));
      expect(succeeded(await asBob("check"))).not.toContain("error");
      const before = lock();
      writeNetwork({ deployers: [bob, alice] });
      expect(succeeded(await secrets("update", "--locked"))).toBe("nixus.lock is up to date\n");
      expect(succeeded(await secrets("update"))).toBe("nixus.lock is up to date\n");
      expect(lock()).toBe(before);
      writeNetwork();
      expect(succeeded(await secrets("update"))).toContain(
        "web/token: encrypted to those who deploy it now\n",
      );
      await expect(decrypted(encrypted("token"), "bob")).rejects.toThrow();
      expect(failed(await asBob("check"))).toContain("is not encrypted to any key that is here");
    },
    timeout,
  );

  test(
    "who can't read the digests' key makes no secret, since nobody would know its digest",
    async () => {
      writeNetwork({
        deployers: [alice, program.sshKey("carol")],
        files: 'more = { generate = "random"; };',
      });
      const asCarol = (...args: string[]) =>
        secrets(...args, "--identity", join(program.home, ".ssh", "carol"));
      const before = { lock: lock(), token: readFileSync(encrypted("token")) };
      for (const command of [["generate"], ["rotate", "web/token"], ["edit", "web/more"]]) {
        expect(failed(await asCarol(...command))).toContain("is not encrypted to any key that is here");
      }
      expect(existsSync(encrypted("more"))).toBe(false);
      expect({ lock: lock(), token: readFileSync(encrypted("token")) }).toEqual(before);
      expect(succeeded(await secrets("generate"))).toBe("web/more: generated\n");
      expect(succeeded(await secrets("check", "web/more"))).toBe("web/more: as in nixus.lock\n");
      writeNetwork();
      expect(succeeded(await secrets("update"))).toContain("removed secret web/more");
    },
    timeout,
  );

  test(
    "a secret that the network has not any more goes from the lock file",
    async () => {
      writeNetwork({ files: 'other = { command = [ "echo" "x" ]; };' });
      expect(succeeded(await secrets("update"))).toContain("new secret web/other");
      writeNetwork();
      expect(succeeded(await secrets("update"))).toBe("nixus.lock: removed secret web/other\n");
      expect(lock()).not.toContain("other");
    },
    timeout,
  );
});

test(
  "what can't be a secret is refused before any machine is connected to, by its name and node, and is not shown",
  async () => {
    const content = "do-not-show-this-content";
    const shell = (script: string) => `command = [ "sh" "-c" ${JSON.stringify(script)} ];`;
    const bad: Record<string, readonly [source: string, problem: string]> = {
      missing: ["file = ./none;", "does not exist"],
      directory: ["file = ./directory;", "is a directory"],
      empty: ["file = ./empty;", "it is empty"],
      blank: ["file = ./blank;", "it has nothing but white space in it"],
      big: ["file = ./big;", "it has 10.0 MiB; a secret may have 1 MiB at most"],
      binary: [
        "file = ./binary;",
        "it is not text in UTF-8; if it is meant to be binary, set 'binary' to true",
      ],
      failing: [shell("echo $CONTENT; echo $CONTENT >&2; exit 3"), "ended with status 3; run it by hand"],
      silent: [shell("echo $CONTENT >&2"), "prints nothing"],
      absent: ['command = [ "no-such-program" ];', "the program 'no-such-program' is not there"],
      unset: ['environmentVariable = "NOT_SET";', "the environment variable NOT_SET is not set"],
      others: ["age = ./others.age;", "is not encrypted to any key that is here"],
      damaged: ["age = ./damaged.age;", "cannot be decrypted"],
      plain: ["age = ./plain.age;", "cannot be decrypted"],
    };
    mkdirSync(program.at("directory"));
    program.write("empty", "");
    program.write("blank", " \n\n");
    program.write("big", Buffer.alloc(10 * 1024 * 1024, content));
    program.write("binary", Buffer.concat([Buffer.from(content), Buffer.from([0xff, 0])]));
    program.write("plain.age", content);
    const stranger = program.sshKey("stranger");
    program.write("others.age", await encrypt(Buffer.from(content), [stranger]));
    program.write("damaged.age", (await encrypt(Buffer.from(content), [alice])).subarray(0, -10));
    program.write(
      "bad.nix",
      `{
        defaults = { platform = "linux"; deployers = [ "${alice}" ]; };
        nodes.web.configuration = { config, lib, ... }: {
          secrets.files = {
            ${Object.entries(bad)
              .map(([name, [source]]) => `${name} = { ${source} };`)
              .join("\n")}
          };
          environment.etc.uses.text = toString (lib.mapAttrsToList (name: secret: secret.file) config.secrets.files);
        };
      }`,
    );
    const before = lock();
    const { status, stdout, stderr } = await program.nixus(["deploy", "-f", "bad.nix"], {
      env: { CONTENT: content },
    });
    expect(status).toBe(1);
    for (const [name, [, problem]] of Object.entries(bad)) {
      const line = stderr.split("\n").find((text) => text.startsWith(`- secret 'web/${name}' (node web): `));
      expect(line, name).toContain(problem);
    }
    expect(stdout + stderr).not.toContain(content);
    expect(lock()).toBe(before);
    expect(existsSync(program.at("connected"))).toBe(false);
  },
  timeout,
);

test(
  "a password is read from standard input, and kept as a hash that others verify",
  async () => {
    writeNetwork({ files: 'password.generate = "password-hash";' });
    const generate = (input: string) => program.nixus(["secrets", "generate", "web/password"], { input });
    expect(failed(await generate(""))).toContain("no password was given");
    expect(failed(await generate("\n"))).toContain("the password is empty");
    expect(succeeded(await generate("correct horse\n"))).toBe("web/password: generated\n");
    const hash = await decrypted(encrypted("password"));
    const [, , , salt = ""] = hash.split("$");
    const { stdout } = spawnSync(
      "openssl",
      ["passwd", "-6", "-stdin", "-salt", `rounds=${rounds(hash)}$${salt}`],
      {
        input: "correct horse\n",
        encoding: "utf8",
      },
    );
    expect(stdout.trim()).toBe(hash);
    writeNetwork();
  },
  timeout,
);

function rounds(hash: string): string {
  return /^\$6\$rounds=(\d+)\$/.exec(hash)?.[1] ?? "";
}

test.each(["secrets check", "secrets list", "options", "eval nodes.web.configuration --json"])(
  "whoever has read enough of 'nixus %s' sees it end quietly",
  async (command) => {
    const { stderr, stdout } = await program.shell(
      `set -o pipefail; $NIXUS ${command} | true; echo "status \${PIPESTATUS[0]}"`,
    );
    expect({ stderr, stdout }).toEqual({ stderr: "", stdout: "status 0\n" });
  },
  timeout,
);
