/** How the store of this machine is found, and what is said where nothing answers. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DaemonDisconnected, DaemonProtocolError } from "../../../src/store/daemon/errors.ts";
import { localSettings, localStoreAccess, openLocal } from "../../../src/store/daemon/local.ts";
import { DaemonStore } from "../../../src/store/daemon/store.ts";
import { scratchDirectory } from "../installed-nix.ts";
import { withNoMoreFiles } from "../no-more-files.ts";

function programs(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, script] of Object.entries(files)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  }
}

/** An environment that no program can be started with. */
const tooMuch = { TOO_MUCH: "x".repeat(4 * 1024 * 1024) };

describe("the way to the store", () => {
  test("is the daemon where NIX_REMOTE says so, and our own one with another store", () => {
    using scratch = scratchDirectory();
    programs(scratch.path, { "nix-daemon": "exit 1" });
    const own = { type: "program", path: join(scratch.path, "nix-daemon") };
    const env = { PATH: scratch.path };
    expect(localStoreAccess({ ...env, NIX_REMOTE: "unix:///run/nix" })).toEqual({
      type: "socket",
      path: "/run/nix",
    });
    expect(localStoreAccess({ ...env, NIX_REMOTE: "daemon", NIX_DAEMON_SOCKET_PATH: "/s" })).toEqual({
      type: "socket",
      path: "/s",
    });
    expect(localStoreAccess({ ...env, NIX_REMOTE: "local?root=/x" })).toEqual(own);
    expect(localStoreAccess({ ...env, NIX_STATE_DIR: scratch.path })).toEqual(own);
  });

  test("is the socket for who may not write to the store, where there is one", () => {
    using scratch = scratchDirectory();
    const socket = join(scratch.path, "socket");
    writeFileSync(socket, "");
    const env = { PATH: "", NIX_DAEMON_SOCKET_PATH: socket, NIX_STATE_DIR: join(scratch.path, "none") };
    expect(localStoreAccess(env)).toEqual({ type: "socket", path: socket });
    expect(
      localStoreAccess({ PATH: "", NIX_DAEMON_SOCKET_PATH: join(scratch.path, "none") }),
    ).toBeUndefined();
  });
});

test("a program that is no daemon, one that fails, and a socket that nobody serves", async () => {
  using scratch = scratchDirectory();
  programs(scratch.path, {
    greets: "echo 'welcome to this machine'; cat >/dev/null",
    fails: "echo no store >&2; exit 1",
  });
  const open = async (name: string, env = {}) =>
    await DaemonStore.open(await openLocal({ type: "program", path: join(scratch.path, name) }, env));
  await expect(open("greets")).rejects.toThrow(DaemonProtocolError);
  await expect(open("fails")).rejects.toThrow(/no store/);
  await expect(open("absent")).rejects.toThrow(DaemonDisconnected);
  await expect(open("greets", tooMuch)).rejects.toThrow(DaemonDisconnected);
  await withNoMoreFiles(async () => {
    await expect(open("greets")).rejects.toThrow(DaemonDisconnected);
  });
  const path = join(scratch.path, "socket");
  const connect = async () => await DaemonStore.open(await openLocal({ type: "socket", path }, {}));
  await expect(connect()).rejects.toThrow(path);
  const server = createServer((socket) => socket.end()).listen(path);
  await expect(connect()).rejects.toThrow(DaemonDisconnected);
  server.close();
});

test("settings are those of this machine's Nix, or the defaults", async () => {
  using scratch = scratchDirectory();
  expect((await localSettings({ PATH: scratch.path })).maxJobs).toBe(1);
  programs(scratch.path, { nix: 'case "$*" in *show-config) echo "max-jobs = 7" ;; esac' });
  expect((await localSettings({ PATH: scratch.path })).maxJobs).toBe(7);
  expect((await localSettings({ PATH: scratch.path, ...tooMuch })).maxJobs).toBe(1);
  await withNoMoreFiles(async () => {
    expect((await localSettings({ PATH: scratch.path })).maxJobs).toBe(1);
  });
});

test("a directory that is called like a program is none, nor is what can't be run", async () => {
  using scratch = scratchDirectory();
  for (const name of ["first", "second"]) mkdirSync(join(scratch.path, name));
  const [first, second] = ["first", "second"].map((name) => join(scratch.path, name)) as [string, string];
  for (const name of ["nix", "nix-daemon"]) mkdirSync(join(first, name));
  programs(second, { nix: "exit 1", "nix-daemon": "exit 1" });
  const env = { PATH: `${first}:${second}`, NIX_STATE_DIR: scratch.path };
  expect(localStoreAccess(env)).toEqual({ type: "program", path: join(second, "nix-daemon") });
  writeFileSync(join(second, "nix"), "#!/nonexistent/interpreter\n");
  expect((await localSettings(env)).maxJobs).toBe(1);
});
