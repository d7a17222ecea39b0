/**
 * Turns a POSIX sh script into a command line for a machine about which nothing is known but that it has /bin/sh: the
 * login shell may be fish or csh, and PATH as good as empty.
 */

/** Where programs are on the distributions and on NixOS, whose setuid programs stand apart. */
const usualPath =
  "/run/wrappers/bin:/run/current-system/sw/bin:/nix/var/nix/profiles/default/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** BSD csh takes words of about a thousand characters. A multiple of four, so that none begins with `=`, which zsh expands. */
const wordLength = 1000;

/**
 * The command line. Between its quotes stand only characters that no login shell expands there. The script runs as
 * root, through `escalation` unless the user is root already; it finds its own text in `$nixus_script` and the ends
 * of the connection in `$SSH_CONNECTION`, which sudo would have dropped. Standard input is the script's to read. It is one
 * argument of ssh and of the login shell, of which Linux takes 128 KiB (execve(2)): scripts of up to 90 KiB.
 */
export function remoteCommand(script: string, escalation: readonly string[]): string {
  const escalate = withoutPrompt(escalation).map(quote).join(" ");
  const starter = `
nixus_script=$(printf %s "$@" | base64 -d) || exit 127
set --
nixus_script="SSH_CONNECTION='\${SSH_CONNECTION:-}'
$nixus_script"
if [ "$(id -u)" = 0 ]; then
  eval "$nixus_script"
else
  exec ${escalate} /bin/sh -c 'nixus_script=$1; eval "$1"' sh "$nixus_script"
fi
`;
  const words = base64(script).match(new RegExp(`.{1,${wordLength}}`, "g")) ?? [];
  return `exec /bin/sh -c 'PATH="$PATH:${usualPath}"; export PATH; eval "$(printf %s ${base64(starter)} | base64 -d)"' sh ${words.join(" ")}`;
}

/** sudo must fail rather than ask: nobody could answer. */
function withoutPrompt(escalation: readonly string[]): readonly string[] {
  const [program = "", ...options] = escalation;
  const isSudo = program === "sudo" || program.endsWith("/sudo");
  const asks =
    isSudo && !options.some((option) => /^-[a-zA-Z]*[nSA]|^--(non-interactive|stdin|askpass)/.test(option));
  return asks ? [program, "-n", ...options] : escalation;
}

/** A word for a POSIX shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
