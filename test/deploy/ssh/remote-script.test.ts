import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { quote, remoteCommand } from "../../../src/deploy/ssh/remote-script.ts";
import { confirmScript } from "../../../src/deploy/target/scripts.ts";
import { installed } from "../rig/switcher-test.ts";

const directory = mkdtempSync(join(tmpdir(), "nixus-remote-script-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs the command line as sshd does: `SHELL -c COMMAND`. */
function login(
  shell: string,
  command: string,
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): string {
  const program = execFileSync("sh", ["-c", `command -v ${shell}`])
    .toString()
    .trim();
  const env = options.env ?? { PATH: "/nowhere", HOME: directory };
  return execFileSync(program, ["-c", command], { env, input: options.input ?? "" }).toString();
}

// sshd gives the command to the user's login shell, whatever that is.
describe.each(["sh", "bash", "dash", "fish", "tcsh", "bsd-csh", "zsh"].filter(installed))(
  "through %s",
  (shell) => {
    test("a script arrives as it is, with a PATH and standard input of its own", () => {
      const script = 'x="a\'b\\"c$HOME \\\\!{a,b}~*"\nprintf "%s|" "$x"; ls -d /; cat; exit\n';
      const command = remoteCommand(script, ["sudo"]);
      expect(command).not.toContain("\n");
      expect(login(shell, command, { input: "input" })).toBe(`a'b"c${directory} \\!{a,b}~*|/\ninput`);
    });

    test("it may be long", () => {
      expect(login(shell, remoteCommand(`: ${"x".repeat(40_000)}\necho arrived $#`, []))).toBe("arrived 0\n");
    });

    test("its exit status is the command's", () => {
      const run = () => login(shell, remoteCommand("exit 42", ["sudo"]));
      expect(run).toThrow(expect.objectContaining({ status: 42 }));
    });
  },
);

test("the longest script is less than an argument may be, which is 128 KiB (MAX_ARG_STRLEN of Linux)", () => {
  const command = remoteCommand(confirmScript(), ["sudo", "--non-interactive"]);
  // Some room, for what a node's escalation may have.
  expect(command.length).toBeLessThan(120 * 1024);
  expect(login("sh", remoteCommand(`: ${"x".repeat(88 * 1024)}\necho arrived`, []))).toBe("arrived\n");
});

test("no word is longer than the 1024 characters that the csh of BSD takes", () => {
  const words = remoteCommand(confirmScript(), ["sudo", "--non-interactive"]).match(/'[^']*'|[^ ']+/g) ?? [];
  expect(words.length).toBeGreaterThan(50);
  expect(Math.max(...words.map((word) => word.length))).toBeLessThan(1024);
});

test("a script's text is what a shell reads, whatever it is", () => {
  const text = fc
    .string({ unit: "grapheme" })
    .filter((value) => !value.includes("\0") && !value.includes("\n"));
  fc.assert(
    fc.property(text, (value) => {
      expect(login("sh", remoteCommand(`printf %s ${quote(value)}`, []))).toBe(value);
    }),
    { numRuns: 30 },
  );
});

describe("a user who is not root", () => {
  /** An `id` that says so, and an escalation that shows how it was called. */
  const env = { PATH: directory, HOME: directory, SSH_CONNECTION: "1.2.3.4 5 6.7.8.9 22" };
  writeFileSync(join(directory, "id"), "#!/bin/sh\necho 1000\n");
  for (const name of ["sudo", "doas"]) {
    const script = `#!/bin/sh\nprintf '%s ' ${name} "$1"\nunset SSH_CONNECTION\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n`;
    writeFileSync(join(directory, name), script);
    chmodSync(join(directory, name), 0o755);
  }
  chmodSync(join(directory, "id"), 0o755);

  test.each([
    [["sudo"], "sudo -n "],
    [["sudo", "-u", "root", "-n"], "sudo -u "],
    [["doas"], "doas /bin/sh "],
  ])("becomes root with %j, which keeps the ends of the connection", (escalation, called) => {
    const output = login("sh", remoteCommand('echo "$SSH_CONNECTION" $((1 + 1))', escalation), { env });
    expect(output).toBe(`${called}1.2.3.4 5 6.7.8.9 22 2\n`);
  });

  test("a script finds its own text", () => {
    const script = `: 'it''s'; printf '%s' "$nixus_script" | tail -n 1`;
    expect(login("sh", remoteCommand(script, ["sudo"]), { env })).toBe(`sudo -n ${script}`);
  });
});
