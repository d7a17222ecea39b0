import fc from "fast-check";
import { expect, test } from "vitest";
import { DaemonDisconnected, DaemonProtocolError } from "../../../src/store/daemon/errors.ts";
import { parseSettings } from "../../../src/store/daemon/settings.ts";
import { WireReader, WireWriter } from "../../../src/store/daemon/wire.ts";

/** The bytes in pieces whose sizes are given, the rest as one. */
async function* pieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array, void> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

const text = fc.string({ unit: "grapheme", maxLength: 40 });

test("what is written is read again, however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(text),
      fc.maxSafeNat(),
      fc.uint8Array({ maxLength: 100 }),
      fc.array(fc.nat(20)),
      async (texts, number, bytes, sizes) => {
        const written = new WireWriter().strings(texts).integer(number).boolean(true).bytes(bytes).take();
        expect(written.length % 8).toBe(0);
        const reader = new WireReader(pieces(written, sizes));
        expect(await reader.strings()).toEqual(texts);
        expect(await reader.integer()).toBe(number);
        expect(await reader.boolean()).toBe(true);
        const found: number[] = [];
        const length = await reader.integer();
        for await (const chunk of reader.chunks(length)) found.push(...chunk);
        expect(found).toEqual([...bytes]);
      },
    ),
  );
});

test("a stream that ends too early, and sizes that can't be", async () => {
  const cut = new WireWriter().string("something longer").take().subarray(0, 20);
  await expect(new WireReader(pieces(cut, [])).string()).rejects.toThrow(DaemonDisconnected);
  const huge = new WireWriter().integer(2n ** 40n).take();
  await expect(new WireReader(pieces(huge, [])).string()).rejects.toThrow(DaemonProtocolError);
  await expect(new WireReader(pieces(huge, [])).strings()).rejects.toThrow("a list of 1099511627776 parts");
  const beyond = new WireWriter().integer(2n ** 60n).take();
  await expect(new WireReader(pieces(beyond, [])).integer()).rejects.toThrow(DaemonProtocolError);
});

test("a list whose strings are too much together is refused before all of it was kept", async () => {
  const large = new WireWriter().string("x".repeat(32 * 1024 * 1024)).take();
  async function* endless(): AsyncGenerator<Uint8Array, void> {
    yield new WireWriter().integer(1_000_000).take();
    for (;;) yield large;
  }
  await expect(new WireReader(endless()).strings()).rejects.toThrow("a list of more than");
});

test("settings are read from what nix show-config prints", () => {
  const text =
    "allowed-uris = \ncores = 2\nkeep-failed = true\nmax-jobs = 4\nsubstitute = false\nmax-silent-time = x\n";
  expect(parseSettings(text)).toEqual({
    maxJobs: 4,
    cores: 2,
    keepFailed: true,
    fallback: false,
    maxSilentTime: 0,
    substitute: false,
  });
});
