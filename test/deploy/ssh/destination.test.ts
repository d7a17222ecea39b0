import { expect, test } from "vitest";
import {
  destinationArguments,
  destinationProblem,
  destinationUrl,
  hostOf,
} from "../../../src/deploy/ssh/destination.ts";

test.each([
  ["foo.example.com", "foo.example.com"],
  ["root@foo.example.com", "foo.example.com"],
  ["me@corp@foo", "foo"],
  ["ssh://root@foo:2222", "foo"],
  ["ssh://foo", "foo"],
  ["ssh://root@[fe80::1]:22", "fe80::1"],
  ["root@fe80::1", "fe80::1"],
  ["CORP\\me@foo", "foo"],
  ["ssh://CORP\\me@foo:22", "foo"],
])("the host of %s is %s", (destination, host) => {
  expect(hostOf(destination)).toBe(host);
  expect(destinationProblem(destination)).toBeUndefined();
});

test.each([
  ["root@foo", ["--", "root@foo"]],
  ["ssh://root@foo:22", ["--", "ssh://root@foo:22"]],
  ["ssh://root@[fe80::1]:22", ["-p", "22", "--", "root@fe80::1"]],
  ["ssh://[::1]", ["--", "::1"]],
])("ssh is given %s as %j", (destination, args) => {
  expect(destinationArguments(destination)).toEqual(args);
});

test("as a URL", () => {
  expect(destinationUrl("root@foo")).toBe("ssh://root@foo");
  expect(destinationUrl("ssh://root@foo:22")).toBe("ssh://root@foo:22");
});

test.each([
  "",
  "foo\\bar",
  "-oProxyCommand=touch /tmp/x",
  "foo bar",
  "root@",
  "ssh://",
  "foo;reboot",
  "$(reboot)",
  "ssh://foo/bar",
  "ssh://foo:x",
  "ssh://foo:22:22",
  "ssh://[::1",
])("%j is refused", (destination) => {
  expect(destinationProblem(destination)).toMatch(/^host (?:is no|names no)/);
});
