// A fake ssh for thousands of calls: a shell script that starts no other program and answers for a whole fleet. What each
// machine does is fixed beforehand.
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {"activated" | "rolled-back" | "unreachable" | "refused" | "no-answer" | "denied"} Fate
 * What becomes of a machine: as the outcomes; `refused`: the switcher does not begin; `no-answer`: the answer to the
 * confirmation is lost once; `denied`: no login.
 */

/**
 * Writes `ssh` into a directory that is then to be put on PATH.
 *
 * @param {string} directory
 * @param {ReadonlyMap<string, Fate>} fates by host; those that are not named are activated
 * @param {(script: string) => string} remoteCommand how a script becomes a command line
 * @param {string} switcher the path of the switcher
 * @param {Readonly<Record<string, string>>} facts
 */
export function writeFleetSsh(directory, fates, remoteCommand, switcher, facts) {
  mkdirSync(directory, { recursive: true });
  const verb = (/** @type {string} */ name) =>
    beginning(remoteCommand, `exec '${switcher}/switcher.sh' '${name}`);
  const cases = [...fates].map(([host, fate]) => `${host}) fate=${fate} ;;`).join("\n");
  const answer = Object.entries(facts)
    .map(([key, value]) => `${key}=${value}`)
    .join("\\n");
  const script = `#!/bin/sh
for word; do
  case $word in
  -O) exit 0 ;;
  --) next=host ;;
  *) if [ "$next" = host ]; then host=$word next=; fi ;;
  esac
done
fate=activated
case $host in
${cases}
esac
case $fate in
unreachable) echo "ssh: connect to host $host port 22: No route to host" >&2; exit 255 ;;
denied) echo "$host: Permission denied (publickey)." >&2; exit 255 ;;
esac
old=${facts["currentSystem"]}
case $word in
"${verb("start")}"*)
  case $fate in
  refused) echo "nixus refused the disk is full"; exit 1 ;;
  rolled-back) printf 'nixus started %s\\nnixus state activating\\nnixus output it is broken\\nnixus result rolled-back the activation failed\\n' "$old" ;;
  *) printf 'nixus started %s\\nnixus state activating\\nnixus state waiting\\n' "$old" ;;
  esac ;;
"${verb("confirm")}"*)
  if [ $fate = no-answer ] && ! [ -e "$0.$host" ]; then
    : >"$0.$host"
    echo "client_loop: send disconnect: Broken pipe" >&2
    exit 255
  fi
  printf 'nixus state committing\\nnixus result activated \\n' ;;
"${beginning(remoteCommand, factsBeginning)}"*)
  printf '\\n${answer}\\n'
  while read -r path && [ -n "$path" ]; do printf 'missing=%s\\n' "$path"; done
  echo end= ;;
*) exec cat >/dev/null ;;
esac
`;
  const program = join(directory, "ssh");
  writeFileSync(program, script);
  chmodSync(program, 0o755);
}

/** The first words of the script that gathers facts. */
const factsBeginning = "# shellcheck shell=sh\n# What the switcher and the script";

/**
 * What every command line of a script that begins like this begins with: both layers of base64 stand still but for the
 * last characters.
 *
 * @param {(script: string) => string} remoteCommand
 * @param {string} script
 */
function beginning(remoteCommand, script) {
  // Any next character: each of its bits, and of the two layers' characters that it goes into, is once this and once that.
  const [first = "", ...others] = Array.from({ length: 128 }, (_, code) =>
    remoteCommand(script + String.fromCharCode(code, 127 - code, code).repeat(50)),
  );
  let common = 0;
  while (others.every((other) => other[common] === first[common])) common += 1;
  return first.slice(0, common).replace(/[$`"\\]/g, "\\$&");
}

/**
 * Fates of a fleet, of which so many machines fail in some way; the same for the same seed.
 *
 * @param {readonly string[]} hosts
 * @param {number} failures
 * @param {number} seed
 * @returns {Map<string, Fate>}
 */
export function randomFates(hosts, failures, seed) {
  let state = seed;
  const random = (/** @type {number} */ below) => {
    // A linear congruential generator (Numerical Recipes).
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const left = [...hosts];
  /** @type {Map<string, Fate>} */
  const fates = new Map();
  /** @type {readonly Fate[]} */
  const kinds = ["rolled-back", "unreachable", "refused", "denied"];
  for (let count = 0; count < failures; count++) {
    const [host] = left.splice(random(left.length), 1);
    if (host !== undefined) fates.set(host, kinds[random(kinds.length)] ?? "rolled-back");
  }
  // As many whose confirmation is answered the second time only, which is no failure.
  for (let count = 0; count < failures; count++) {
    const [host] = left.splice(random(left.length), 1);
    if (host !== undefined) fates.set(host, "no-answer");
  }
  return fates;
}

/**
 * How the deployment of such a machine ends.
 *
 * @param {Fate} fate
 */
export function outcomeOf(fate) {
  switch (fate) {
    case "activated":
    case "no-answer":
      return "activated";
    case "rolled-back":
      return "rolled-back";
    case "unreachable":
    case "refused":
    case "denied":
      return "failed";
  }
}
