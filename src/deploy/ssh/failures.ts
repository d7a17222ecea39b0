/** What OpenSSH's complaints mean, and what to do about each. */
import { basename } from "node:path";
import { ConnectionError, type ConnectionFailure } from "../errors.ts";
import { hostOf } from "./destination.ts";
import { quote } from "./remote-script.ts";

interface Pattern {
  readonly pattern: RegExp;
  readonly failure: ConnectionFailure;
  /** What is wrong and what to do. */
  readonly message: (host: string, destination: string, match: RegExpExecArray, stderr: string) => string;
}

/** In this order: a changed host key also ends with `Host key verification failed`. */
const patterns: readonly Pattern[] = [
  {
    pattern: /Could not resolve hostname (\S+): /,
    failure: "unresolvable",
    message: (_host, destination, match) =>
      `the name ${match[1]} does not resolve; ${misspelling(destination) ?? "check the node's host and your DNS or ~/.ssh/config"}`,
  },
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    failure: "changed-host-key",
    message: (target, _destination, _match, stderr) => {
      // With its port, as it stands in known_hosts; it may be a jump host.
      const host = /[Hh]ost key for (\S+) has changed/.exec(stderr)?.[1] ?? target;
      const fingerprint = /(SHA256:[A-Za-z0-9+/=]+)/.exec(stderr)?.[1];
      const place = /Offending \S+ key in (\S+)/.exec(stderr)?.[1];
      return [
        `THE HOST KEY OF ${host} HAS CHANGED. Someone may be between you and the machine, or it was installed anew.`,
        ...(fingerprint === undefined ? [] : [`It shows the key ${fingerprint} now.`]),
        `Nothing was sent. Only when you know why it changed: ssh-keygen -R ${/^[\w.:-]+$/.test(host) ? host : quote(host)}${place === undefined ? "" : ` (the old key is in ${place})`}, and connect once with ssh to accept the new one`,
      ].join("\n");
    },
  },
  {
    pattern: /Host key verification failed|No \S+ host key is known for/,
    failure: "unknown-host-key",
    message: (_host, destination) =>
      `its host key is not known here; compare the fingerprint and accept it once with: ssh ${destination}`,
  },
  {
    // Who says so may be a jump host.
    pattern: /(?:^(\S+): )?Permission denied \(([^)]*)\)/m,
    failure: "permission-denied",
    message: (_host, destination, [, who = destination, offers]) =>
      `it does not let us in as ${who} (it offers ${offers}); check that your key is loaded (ssh-add -l) and in its authorized_keys. Passwords are never asked for`,
  },
  {
    pattern: /Too many authentication failures/,
    failure: "permission-denied",
    message: (host) =>
      `it refused after too many keys; name the right one with IdentityFile and IdentitiesOnly in ~/.ssh/config for ${host}`,
  },
  {
    pattern: /Connection refused/,
    failure: "refused",
    message: (host, _destination, _match, stderr) =>
      `${asked(stderr) ?? host} refuses connections to its SSH port; check that sshd runs and that the port is right`,
  },
  {
    pattern: /timed out/,
    failure: "timeout",
    message: (host, _destination, _match, stderr) =>
      `${asked(stderr) ?? host} does not answer; check that the machine is on and that no firewall is in between`,
  },
  {
    pattern: /No route to host|Network is unreachable/,
    failure: "unreachable",
    message: (host, _destination, _match, stderr) =>
      `there is no route to ${asked(stderr) ?? host}; check your network (a VPN?) and the machine`,
  },
  {
    pattern: /Bad configuration option|command-line: line|terminating, \d+ bad configuration/,
    failure: "configuration",
    message: (_host, _destination, _match, stderr) =>
      `ssh does not accept its options; check the node's ssh.options and ~/.ssh/config: ${lastLines(stderr)}`,
  },
  {
    pattern:
      /not responding|Broken pipe|Connection (?:to .* )?(?:closed|reset)|kex_exchange_identification|mux_client|client_loop/,
    failure: "lost",
    message: (host, _destination, _match, stderr) =>
      `the connection to ${host} was lost: ${lastLines(stderr)}`,
  },
];

/** Which host did not answer as it should: it may be a jump host. */
function asked(stderr: string): string | undefined {
  return /connect to host (\S+) port \d+: /.exec(stderr)?.[1];
}

/** What is wrong with a destination whose name can't resolve; undefined when nothing is seen. */
function misspelling(destination: string): string | undefined {
  if (destination.startsWith("ssh://")) return undefined;
  const host = hostOf(destination);
  if (/^\[.*\]$/.test(host)) return `an IPv6 address stands without brackets, or as in ssh://${destination}`;
  return /^[^:]+:\d+$/.test(host) ? `a port is written as in ssh://${destination}` : undefined;
}

/** Whether the machine is off or away, rather than one that does not want us. */
export function isUnreachable(failure: ConnectionFailure): boolean {
  switch (failure) {
    case "unresolvable":
    case "refused":
    case "timeout":
    case "unreachable":
    case "lost":
      return true;
    case "unknown-host-key":
    case "changed-host-key":
    case "permission-denied":
    case "configuration":
    case "no-client":
    case "other":
      return false;
  }
}

/** The error for an ssh that exited with 255, which is how it says that it failed itself. */
export function connectionError(destination: string, stderr: string): ConnectionError {
  const host = hostOf(destination);
  for (const { pattern, failure, message } of patterns) {
    const match = pattern.exec(stderr);
    if (match) {
      return new ConnectionError(failure, message(host, destination, match, stderr), {
        cause: new Error(stderr),
      });
    }
  }
  const said = lastLines(stderr);
  const cause = new Error(stderr);
  // Silent: its shared connection ended.
  if (said === "") return new ConnectionError("lost", `the connection to ${host} was lost`, { cause });
  return new ConnectionError("other", `ssh failed: ${said}`, { cause });
}

/** Whether the connection has ended in a proxy's program, as those to jump hosts do. */
export function cameThroughProxy(error: unknown): boolean {
  return (
    error instanceof ConnectionError &&
    error.cause instanceof Error &&
    /UNKNOWN port 65535/.test(error.cause.message)
  );
}

/**
 * What keeps us from becoming root, in the words of sudo, doas and shells; undefined when that isn't what `stderr`
 * complains about.
 */
export function privilegeProblem(escalation: readonly string[], stderr: string): string | undefined {
  const [program = "sudo"] = escalation;
  const command = escalation.join(" ");
  if (
    /password is required|terminal is required|must have a tty|Authentication (?:required|failed)/i.test(
      stderr,
    )
  ) {
    return `becoming root with ${command} needs a password, which nixus does not ask for; allow it without one (NOPASSWD in sudoers), connect as root, or set privilegeEscalationCommand`;
  }
  if (
    /not in the sudoers file|may not run sudo|not allowed to (?:execute|run)|Operation not permitted/i.test(
      stderr,
    )
  ) {
    return `the user may not become root with ${command}; add it to sudoers, connect as root, or set privilegeEscalationCommand`;
  }
  const missing = new RegExp(
    `${program.replace(/[^\w]/g, "\\$&")}: (?:command )?not found|not found: ${program}`,
  );
  if (missing.test(stderr)) {
    return `there is no ${program} on the machine to become root with; connect as root or set privilegeEscalationCommand`;
  }
  // Whatever its language is.
  const last = lastLines(stderr, 1);
  if (last.startsWith(`${basename(program)}: `) && !last.includes("unable to resolve host")) {
    return `becoming root with ${command} failed: ${last}; allow it without a password (NOPASSWD in sudoers), connect as root, or set privilegeEscalationCommand`;
  }
  return undefined;
}

/** The last lines of what a program complained about, in one line. */
export function lastLines(text: string, count = 3): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .slice(-count)
    .join("; ");
}

/** What to do about a full disk, when that is what the machine complains about. */
export function fullDiskHint(complaint: string): string {
  return /No space left on device/.test(complaint) ? "; its disk is full: make room and deploy again" : "";
}
