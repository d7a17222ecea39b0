import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAnswer } from "../../src/deploy/protocol.ts";

test.each([
  ["nixus started /nix/store/x", { kind: "started", previous: "/nix/store/x" }],
  ["nixus output   indented ", { kind: "output", line: "  indented " }],
  ["nixus output ", { kind: "output", line: "" }],
  ["nixus state rolling-back", { kind: "state", state: "rolling-back" }],
  ["nixus alive", { kind: "alive" }],
  ["nixus awaits secrets", { kind: "awaits-secrets" }],
  ["nixus none", { kind: "none" }],
  ["nixus result activated ", { kind: "result", outcome: "activated", reason: "" }],
  ["nixus result rolled-back it hung", { kind: "result", outcome: "rolled-back", reason: "it hung" }],
  ["nixus changed ", { kind: "changed", running: "" }],
  [
    "nixus busy id=a since=12 state=waiting by=me@here",
    { kind: "busy", id: "a", since: 12, state: "waiting", by: "me@here" },
  ],
])("%s", (line, answer) => {
  expect(parseAnswer(line)).toEqual(answer);
});

test.each([
  "",
  "Welcome!",
  "nixusoutput x",
  "nixus state dancing",
  "nixus result maybe x",
  "nixus fly",
  "nixus awaits better times",
  "nixus busy",
])("%j is no answer", (line) => {
  expect(parseAnswer(line)).toBeUndefined();
});

test("output is passed on as it is, noise never fails", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseAnswer(text);
      if (!/[\r\n\u2028\u2029]/.test(text)) {
        expect(parseAnswer(`nixus output ${text}`)).toEqual({ kind: "output", line: text });
      }
    }),
  );
});
