/** The older form of network files, `import <nixus> { } NETWORK`: here it is the network, for Nix one line. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { hasNix } from "../store/installed-nix.ts";
import { networkFile, optionValue } from "./network-of.ts";

const root = resolve(import.meta.dirname, "../..");
const forms = {
  function: 'import <nixus> { } ({ config, lib, ... }: { nodes.foo.host = lib.mkForce "root@foo"; })',
  set: 'import <nixus> { } { nodes.foo.host = "root@foo"; }',
  path: "import <nixus> { } ./inner.nix",
};
const inner = '{ ... }: { nodes.foo.host = "root@foo"; }';

test.each(Object.entries(forms))("a %s is the network", (_, text) => {
  expect(optionValue({ "default.nix": text, "inner.nix": inner }, "nodes.foo.host")).toBe("root@foo");
});

test.skipIf(!hasNix).each(Object.entries(forms))("nix-build of a %s fails with one line", (form, text) => {
  const file = networkFile({ "default.nix": text, "inner.nix": inner });
  const { status, stderr } = spawnSync("nix-build", ["--no-out-link", "-I", `nixus=${root}`, file], {
    encoding: "utf8",
    env: { ...process.env, NIX_REMOTE: "dummy://" },
  });
  expect(status).toBe(1);
  const named = form === "path" ? file.replace("default.nix", "inner.nix") : file;
  expect(stderr).toBe(
    `error: this is a network of Nixus, which Nix alone can't build: run 'nixus build ${named}'\n`,
  );
});
