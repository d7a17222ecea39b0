/** The editor of a secret, and what is left of it. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { editContent } from "../../../src/cli/secrets/edit.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "nixus-edit-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
});

/** An editor that tells which file it has, does something, and ends when `ended` is there. */
function editor(script: string): { EDITOR: string; named: () => string; end: () => void } {
  const path = join(directory, "editor");
  const [named, ended] = [join(directory, "named"), join(directory, "ended")];
  const wait = `for try in $(seq 200); do [ -e '${ended}' ] && break; sleep 0.05; done`;
  writeFileSync(
    path,
    `#!/bin/sh\nprintf %s "$1" >'${named}.new'; mv '${named}.new' '${named}'\n${wait}\n${script}\n`,
  );
  chmodSync(path, 0o755);
  return {
    EDITOR: path,
    named: () => (existsSync(named) ? readFileSync(named, "utf8") : ""),
    end: () => writeFileSync(ended, ""),
  };
}

test("what the editor has written is the new content, and its file is gone", async () => {
  const { EDITOR, named, end } = editor('printf after >"$1"');
  const edited = editContent(Buffer.from("before"), "web/key", { EDITOR });
  await vi.waitUntil(() => named() !== "");
  expect(statSync(named()).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(named())).mode & 0o777).toBe(0o700);
  // A terminal's interrupt is the editor's business.
  expect(process.emit("SIGINT", "SIGINT")).toBe(true);
  end();
  expect(Buffer.from((await edited)!).toString()).toBe("after");
  expect(existsSync(dirname(named()))).toBe(false);
});

test.each(["SIGHUP", "SIGTERM"] as const)("who is ended by %s leaves no secret behind", async (signal) => {
  const { EDITOR, named, end } = editor("exit 1");
  const exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as () => never);
  onTestFinished(() => exit.mockRestore());
  const edited = editContent(Buffer.from("before"), "key", { EDITOR });
  const failed = expect(edited).rejects.toThrow("nothing was changed");
  await vi.waitUntil(() => named() !== "");
  process.emit(signal, signal);
  expect(existsSync(dirname(named()))).toBe(false);
  expect(exit).toHaveBeenCalledWith(signal === "SIGHUP" ? 129 : 143);
  end();
  await failed;
  expect(process.listenerCount("SIGHUP")).toBe(0);
});
