import { expect, test } from "vitest";
import { destinationProblem, destinationUrl, hostOf } from "../../../src/deploy/ssh/destination.ts";

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
])("%j is refused", (destination) => {
  expect(destinationProblem(destination)).toMatch(/^host (?:is no|names no)/);
});
