import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDerivation, unparseDerivation } from "../../src/store/aterm.ts";
import { fromBytes } from "../../src/store/bytes.ts";
import { type Derivation, type DerivationOutput, fillInOutputs } from "../../src/store/derivation.ts";
import { StoreError } from "../../src/store/errors.ts";
import { hashOf } from "../../src/store/hash.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";
import { hasNix, runNix, scratchDirectory } from "./installed-nix.ts";

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => fromBytes(array));
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const storePath = name.map((text) => `/nix/store/${"0".repeat(32)}-${text}`);
const method = fc.constantFrom("flat" as const, "nar" as const);
const output: fc.Arbitrary<DerivationOutput> = fc.oneof(
  storePath.map((path): DerivationOutput => ({ type: "inputAddressed", path })),
  fc.tuple(method, bytes).map(
    ([how, text]): DerivationOutput => ({
      type: "fixed",
      method: how,
      hash: hashOf("sha256", text),
    }),
  ),
  method.map((how): DerivationOutput => ({ type: "floating", method: how, algorithm: "sha1" })),
  method.map((how): DerivationOutput => ({ type: "impure", method: how, algorithm: "sha256" })),
  fc.constant<DerivationOutput>({ type: "deferred" }),
);
const derivation: fc.Arbitrary<Derivation> = fc.record({
  name,
  outputs: fc.array(fc.tuple(name, output), { maxLength: 3 }).map((entries) => new Map(entries)),
  inputDerivations: fc
    .array(fc.tuple(storePath, fc.array(name, { minLength: 1, maxLength: 2 })), { maxLength: 3 })
    .map((entries) => new Map(entries.map(([path, names]) => [path, new Set(names)]))),
  inputSources: fc.array(storePath, { maxLength: 3 }).map((paths) => new Set(paths)),
  system: name,
  builder: bytes,
  args: fc.array(bytes, { maxLength: 3 }),
  env: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }).map((entries) => new Map(entries)),
});

test("any derivation comes back from its text, which is canonical", () => {
  fc.assert(
    fc.property(derivation, (drv) => {
      const text = unparseDerivation(drv);
      const parsed = parseDerivation(text, drv.name);
      expect(unparseDerivation(parsed)).toBe(text);
      expect(parsed.args).toEqual(drv.args);
      expect(new Map([...parsed.env].sort())).toEqual(new Map([...drv.env].sort()));
      expect(parsed.outputs.size).toBe(drv.outputs.size);
    }),
  );
});

test("every truncation of a text is refused", () => {
  const drv: Derivation = {
    name: "x",
    outputs: new Map([["out", { type: "deferred" }]]),
    inputDerivations: new Map([[`/nix/store/${"0".repeat(32)}-y.drv`, new Set(["out"])]]),
    inputSources: new Set(),
    system: "x86_64-linux",
    builder: "/bin/sh",
    args: ['a "quoted"\n\\ word\t\r'],
    env: new Map([["a", "b"]]),
  };
  const text = unparseDerivation(drv);
  expect(text).toContain('["a \\"quoted\\"\\n\\\\ word\\t\\r"]');
  expect(parseDerivation(text, "x")).toEqual(drv);
  for (let size = 0; size < text.length; size++) {
    expect(() => parseDerivation(text.slice(0, size), "x")).toThrow(StoreError);
  }
  expect(() => parseDerivation(`${text})`, "x")).toThrow(StoreError);
});

describe.skipIf(!hasNix)("as the installed Nix", () => {
  const expression = `
    let
      d = args: derivation ({ system = "x86_64-linux"; builder = "/bin/sh"; } // args);
      fixed = d { name = "fixed"; outputHash = "${"ab".repeat(32)}"; outputHashAlgo = "sha256"; };
      tool = d { name = "tool"; outputs = [ "out" "dev" ]; src = fixed; };
    in d { name = "final"; a = tool; b = tool.dev; c = fixed; text = "\\"\\n\\\\"; args = [ "-c" tool ]; }`;

  test("reads .drv files, and computes their paths and those of their outputs", () => {
    using scratch = scratchDirectory();
    const nix = (command: string, ...args: string[]) => runNix(scratch.path, command, args).toString().trim();
    const path = nix("nix-instantiate", "-E", expression);
    const store = new VirtualStore();
    for (const each of nix("nix-store", "--query", "--requisites", path).split("\n")) {
      const drvName = each.slice("/nix/store/".length + 33, -".drv".length);
      const found = parseDerivation(readFileSync(`${scratch.path}${each}`, "latin1"), drvName);
      expect(store.addDerivation(found)).toBe(each);
      if ([...found.outputs.values()].every(({ type }) => type === "inputAddressed")) {
        const blank = new Map([...found.outputs.keys()].map((key) => [key, { type: "deferred" } as const]));
        const filled = fillInOutputs({ ...found, outputs: blank }, (input) => store.derivationHash(input));
        expect(filled).toEqual(found);
      }
    }
    expect(store.closure([path]).length).toBe(3);
  });
});
