import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { StoreError } from "../../src/store/errors.ts";
import { hashOf } from "../../src/store/hash.ts";
import {
  checkStorePathName,
  fixedOutputPath,
  isInStore,
  isStorePath,
  outputPlaceholder,
  parseStorePath,
  splitStorePath,
  textPath,
} from "../../src/store/store-path.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { hasNix, runNix, scratchDirectory } from "./installed-nix.ts";

const digest = "s66mzxpvicwk07gjbjfw9izjfa797vsw";

test.each([
  ["", "name must not be empty"],
  [".", "name '.' is not valid"],
  ["..", "name '..' is not valid"],
  [".-x", "name '.-x' is not valid: first dash-separated component must not be '.'"],
  ["..-x", "name '..-x' is not valid: first dash-separated component must not be '..'"],
  ["a b", "name 'a b' contains illegal character ' '"],
  ["a\xc3\xa4", "name 'a\xc3\xa4' contains illegal character '\\xc3'"],
  ["x".repeat(212), `name '${"x".repeat(212)}' must be no longer than 211 characters`],
])("refuses the name %j", (name, message) => {
  expect(() => checkStorePathName(name)).toThrow(new StoreError(message));
});

test.each([".bashrc", "..x", "a+b-c.d_e?f=", "x".repeat(211)])("accepts the name %j", (name) => {
  checkStorePathName(name);
});

test("takes store paths apart", () => {
  const path = `/nix/store/${digest}-hello-2.12`;
  expect(parseStorePath(path)).toEqual({ path, digest, name: "hello-2.12" });
  expect(splitStorePath(`${path}/bin/hello`)).toEqual({ object: parseStorePath(path), inside: "/bin/hello" });
  expect(splitStorePath(path).inside).toBe("");
  expect(isStorePath(`${path}/bin`)).toBe(false);
  expect(isStorePath(`/nix/store/${digest}`)).toBe(false);
  expect(isStorePath(`/nix/store/e${digest.slice(1)}-x`)).toBe(false);
  expect(isInStore("/nix/store")).toBe(false);
  expect(isInStore("/nix/storefront/x")).toBe(false);
  expect(() => splitStorePath("/etc/passwd")).toThrow(
    new StoreError("path '/etc/passwd' is not in the Nix store"),
  );
});

test("known paths", () => {
  expect(textPath("foo", hashOf("sha256", "bar"), [])).toBe(
    "/nix/store/vxjiwkjkn7x4079qvh1jkl5pn05j2aw0-foo",
  );
  expect(outputPlaceholder("out")).toBe("/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9");
  expect(fixedOutputPath("x", "flat", hashOf("sha1", "x"))).not.toBe(
    fixedOutputPath("x", "nar", hashOf("sha1", "x")),
  );
  expect(() => fixedOutputPath("x", "flat", hashOf("sha256", "x"), ["/nix/store/y"])).toThrow(StoreError);
});

describe.skipIf(!hasNix)("as the installed Nix", () => {
  test("adds files by each method and algorithm", () => {
    using scratch = scratchDirectory();
    const file = join(scratch.path, "some-file");
    const contents = "some contents\n";
    writeFileSync(file, contents);
    const nix = (...args: string[]) => runNix(scratch.path, "nix-store", args).toString().trim();
    const store = new VirtualStore();
    expect(store.addPath("some-file", file)).toBe(nix("--add", file));
    expect(store.addFlatFile("some-file", file)).toBe(nix("--add-fixed", "sha256", file));
    for (const algorithm of ["md5", "sha1", "sha256", "sha512"] as const) {
      expect(fixedOutputPath("some-file", "flat", hashOf(algorithm, contents))).toBe(
        nix("--add-fixed", algorithm, file),
      );
    }
  });
});
