import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findNetworkFile, networkFileOrEmpty } from "../../src/cli/network-file.ts";

const directory = mkdtempSync(join(tmpdir(), "nixus-network-file-"));

test("without a network file the options are those that every network has", () => {
  expect(networkFileOrEmpty(undefined, directory)).toMatch(/no-nodes\.nix$/);
  expect(() => networkFileOrEmpty("missing.nix", directory)).toThrow(/'missing.nix' does not exist/);
  expect(() => findNetworkFile(undefined, directory)).toThrow(/there is no network file here/);
  writeFileSync(join(directory, "network.nix"), "{ }");
  expect(networkFileOrEmpty(undefined, directory)).toBe(join(directory, "network.nix"));
});
