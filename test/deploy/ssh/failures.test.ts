/** What is made of the complaints of OpenSSH, sudo and shells. */
import { describe, expect, test } from "vitest";
import { connectionError, privilegeProblem } from "../../../src/deploy/ssh/failures.ts";

describe("ssh's complaint", () => {
  test.each([
    [
      "root@foo:2222",
      "ssh: Could not resolve hostname foo:2222: Name or service not known",
      "the name foo:2222 does not resolve; a port is written as in ssh://root@foo:2222",
    ],
    [
      "root@[::1]",
      "ssh: Could not resolve hostname [::1]: Name or service not known",
      "the name [::1] does not resolve; an IPv6 address stands without brackets, or as in ssh://root@[::1]",
    ],
    [
      "root@foo",
      "ssh: Could not resolve hostname jump.example.com: Name or service not known",
      "the name jump.example.com does not resolve; check the node's host and your DNS or ~/.ssh/config",
    ],
    [
      "root@foo",
      "me@jump.example.com: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535",
      "it does not let us in as me@jump.example.com (it offers publickey); check",
    ],
    [
      "root@foo",
      "Permission denied (publickey,password).",
      "it does not let us in as root@foo (it offers publickey,password); check",
    ],
    [
      "root@foo",
      "ssh: connect to host jump.example.com port 22: Connection refused\nConnection closed by UNKNOWN port 65535",
      "jump.example.com refuses connections",
    ],
    [
      "root@foo",
      "ssh: connect to host jump.example.com port 22: No route to host",
      "there is no route to jump.example.com;",
    ],
    ["root@foo", "Connection timed out during banner exchange", "foo does not answer"],
  ])("about %s: %s", (destination, stderr, message) => {
    expect(connectionError(destination, `${stderr}\r\n`).message).toContain(message);
  });

  test.each([
    ["foo.example.com", "ssh-keygen -R foo.example.com "],
    ["[foo.example.com]:2222", "ssh-keygen -R '[foo.example.com]:2222' "],
    ["jump.example.com", "ssh-keygen -R jump.example.com "],
  ])("about the changed key of %s names it as known_hosts does", (name, advice) => {
    const stderr = `@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
SHA256:abc.
Offending ED25519 key in /home/me/.ssh/known_hosts:3
Host key for ${name} has changed and you have requested strict checking.
Host key verification failed.
`;
    const { failure, message } = connectionError("ssh://root@foo.example.com:2222", stderr);
    expect(failure).toBe("changed-host-key");
    expect(message).toContain(`THE HOST KEY OF ${name} HAS CHANGED`);
    expect(message).toContain(advice);
  });
});

describe("what keeps us from becoming root", () => {
  test.each([
    [["sudo"], "sudo: a password is required\n", "needs a password"],
    [
      ["sudo"],
      "sudo: Ein Passwort ist notwendig\n",
      "becoming root with sudo failed: sudo: Ein Passwort ist notwendig; allow it",
    ],
    [
      ["/usr/bin/sudo", "-n"],
      "sudo: il est nécessaire de saisir un mot de passe\n",
      "becoming root with /usr/bin/sudo -n failed",
    ],
    [["doas"], "doas: Operation not permitted\n", "may not become root with doas"],
    [["sudo"], "/bin/sh: 12: sudo: not found\n", "there is no sudo on the machine"],
  ])("with %j: %s", (escalation, stderr, message) => {
    expect(privilegeProblem(escalation, stderr)).toContain(message);
  });

  test("is nothing that only comes before another complaint", () => {
    expect(
      privilegeProblem(["sudo"], "sudo: unable to resolve host foo: Name or service not known\n"),
    ).toBeUndefined();
    expect(privilegeProblem(["sudo"], "sudo: nothing to worry about\nsh: out of memory\n")).toBeUndefined();
  });
});
