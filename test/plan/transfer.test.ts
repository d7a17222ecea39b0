import fc from "fast-check";
import { expect, test } from "vitest";
import { planTransfer } from "../../src/plan/transfer.ts";
import type { PathInfo } from "../../src/store/daemon/path-info.ts";

const info = (name: string, narSize: number): PathInfo => ({
  ...{ path: `/nix/store/${name}`, narSize, deriver: null, narHash: "", references: [] },
  ...{ registrationTime: 0, signatures: [], contentAddress: "" },
});

test("what is not there travels, in its order, and its bytes are counted", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1000), fc.boolean())), (entries) => {
      const closure = entries.map(([size], index) => info(String(index), size));
      const valid = new Set(closure.filter((_, index) => entries[index]![1]).map(({ path }) => path));
      const sent = closure.filter(({ path }) => !valid.has(path));
      expect(planTransfer(closure, valid, 1e9)).toEqual({
        type: "send",
        paths: sent,
        size: sent.reduce((sum, { narSize }) => sum + narSize, 0),
      });
    }),
  );
});

test("a store without room for it is refused before anything is sent, an empty transfer never", () => {
  const closure = [info("a", 100 * 1024 * 1024)];
  expect(planTransfer(closure, new Set(), 100 * 1024 * 1024)).toEqual({
    type: "refuse",
    problem:
      "the file system of /nix/store has 100 MiB left and 127 MiB are needed; make room, e.g. with nix-collect-garbage",
  });
  expect(planTransfer(closure, new Set(["/nix/store/a"]), 0)).toEqual({ type: "send", paths: [], size: 0 });
});
