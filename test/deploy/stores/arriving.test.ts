/** What the machine protects from the garbage collector while store paths come to it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importScript } from "../../../src/deploy/target/scripts.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";

test("protection of a deployment that never came to its switch goes after a day, but not that of the one under way", () => {
  using scratch = scratchDirectory();
  const roots = join(scratch.path, "nix/var/nix/gcroots/nixus");
  mkdirSync(join(scratch.path, "var/lib/nixus"), { recursive: true });
  for (const [id, age] of [
    ["abandoned", 90_000],
    ["under-way", 90_000],
    ["young", 80_000],
    ["of-tomorrow", -90_000],
  ] as const) {
    mkdirSync(join(roots, id), { recursive: true });
    const time = Date.now() / 1000 - age;
    utimesSync(join(roots, id), time, time);
  }
  writeFileSync(join(scratch.path, "var/lib/nixus/deployment"), "version=1\nid=under-way\n");
  // Nothing comes, and protects nothing.
  const env = { ...process.env, NIXUS_ROOT: scratch.path };
  expect(() =>
    execFileSync("/bin/sh", ["-c", importScript("new", ["/nix/store/x"], 1)], {
      env,
      input: "",
      stdio: "pipe",
    }),
  ).toThrow();
  expect(readdirSync(roots).sort()).toEqual(["of-tomorrow", "under-way", "young"]);
});
