import { describe, expect, test } from "vitest";
import { DiffRenderer } from "../../src/cli/render/diff.ts";
import { lineRenderer } from "../../src/cli/render/lines.ts";
import { previewLines, sizeText } from "../../src/cli/render/preview.ts";
import type { Event } from "../../src/events/event.ts";
import type { Preview } from "../../src/events/preview.ts";

const about = { time: 0, node: "foo", host: "foo.example.com" } as const;
const preview: Preview = {
  system: "/nix/store/new",
  previous: "/nix/store/old",
  closure: {
    known: true,
    value: {
      added: [{ path: "/nix/store/b-openssl-3.0.8", size: 20_000 }],
      removed: [{ path: "/nix/store/a-openssl-3.0.7", size: 8000 }],
      packages: [
        { name: "openssl", before: ["3.0.7"], after: ["3.0.8"], sizeDifference: 12_000 },
        { name: "etc-motd", before: [], after: [""], sizeDifference: 120 },
        { name: "glibc", before: ["2.31"], after: ["2.31"], sizeDifference: 10 },
      ],
      sizeDifference: 12_000,
    },
  },
  files: [
    { path: "/etc/issue", change: "replaced" },
    { path: "/etc/old", change: "removed" },
  ],
  units: {
    known: true,
    value: { stop: [], start: ["a.service"], restart: ["b.service", "c.service"], reload: [], keep: [] },
  },
  installs: ["nftables"],
  secrets: { sent: ["foo/token"], removed: ["key"] },
  reboot: { known: true, value: ["kernel"] },
  restart: null,
};

test("says what changes, and leaves out rebuilt packages of no consequence", () => {
  expect(previewLines(preview)).toEqual([
    "closure: 1 path added, 1 removed, +11.7 KiB",
    "  openssl: 3.0.7 -> 3.0.8, +11.7 KiB",
    "  etc-motd: added, +120 B",
    "  1 package rebuilt in the same version",
    "files:",
    "  ! /etc/issue (the machine's own is put aside)",
    "  - /etc/old",
    "units:",
    "  restart: b.service, c.service",
    "  start: a.service",
    "packages to install:",
    "  nftables",
    "secrets:",
    "  + foo/token (is sent)",
    "  - key",
    "reboot: needed for kernel",
  ]);
});

test("says what can't be known yet", () => {
  const unknown = { known: false, why: "known after building" } as const;
  const lines = previewLines({ ...preview, closure: unknown, units: unknown, reboot: unknown });
  expect(lines).toContain("closure: known after building");
  expect(lines).toContain("units: known after building");
  expect(lines).toContain("reboot: known after building");
  expect(previewLines({ ...preview, restart: "another kernel" }).at(-1)).toBe(
    "reboot: the machine would be restarted into the new system (another kernel)",
  );
});

test.each([
  [0, "+0 B"],
  [-1023, "-1023 B"],
  [1536, "+1.5 KiB"],
  [-3 * 1024 * 1024, "-3.0 MiB"],
])("%s bytes are %s", (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

const events: readonly Event[] = [
  { ...about, type: "connecting" },
  { ...about, type: "planned", steps: ["switch"] },
  { ...about, type: "preview", preview: { ...preview, files: [], installs: [] } },
  { ...about, type: "finished", outcome: "skipped", system: preview.system },
];

test("a dry run has it among its lines, and does not say that a node was skipped", () => {
  const render = lineRenderer("brief");
  const lines = events.flatMap((event) => render(event)).map(({ text }) => text);
  expect(lines[1]).toBe("[foo.example.com] would switch");
  expect(lines[2]).toBe("[foo.example.com] closure: 1 path added, 1 removed, +11.7 KiB");
  expect(lines.at(-1)).toBe("[foo.example.com] reboot: needed for kernel");
});

describe("nixus diff", () => {
  test("has a block for each machine, in the order of the network", () => {
    const renderer = new DiffRenderer();
    const bar = { time: 0, node: "bar", host: "bar" } as const;
    const off = { time: 0, node: "off", host: "off" } as const;
    for (const event of [
      ...events,
      { ...bar, type: "finished", outcome: "unchanged", system: "/nix/store/x" } as const,
      { ...off, type: "problem", step: "connect", message: "off does not answer" } as const,
    ]) {
      renderer.take(event);
    }
    const text = renderer.text(["bar", "foo", "off"]);
    expect(text).toMatch(
      /^bar\n {2}no difference\n\nfoo: \/nix\/store\/old -> \/nix\/store\/new\n {2}closure: /,
    );
    expect(text).toMatch(/\n\noff\n {2}error: off does not answer\n$/);
  });
});
