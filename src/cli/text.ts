/** All words of the command line's help and of its own failures. */

export const brief = "Deploys a fleet of Linux machines from one evaluation, and rolls back by itself";

export const help = "Print this help";
export const version = "Print the version";
export const noFlags = "What follows are no flags";

export const flags = {
  file: "FILE, DIRECTORY or FLAKE#OUTPUT of the network (default: the file here)",
  identity: "FILE with a private key (age, SSH) that decrypts secrets; may be repeated",
  locked: "Fail when nixus.lock would have to change",
  json: "Print JSON instead of text",
  jsonEvents: "Print every event as one line of JSON",
  evalCache: "Take an earlier result while nothing that it came from has changed",
  showTrace: "Show the whole trace of an evaluation error",
  progress: "Show a live table of several machines on a terminal, instead of lines",
  verbose: "Show everything that the machines print while they are switched",
};

export const selectors =
  "Names, patterns (web-*), tags (@web), !web-3 to leave out (default: all that have a host)";

export const build = {
  brief: "Evaluates the network, builds its systems, and leaves ./result, which deploys them",
  file: "The network: a file, a directory or FLAKE#OUTPUT (default: the network file here)",
  on: "NODE, PATTERN or @TAG to build; may be repeated (default: all)",
  dryRun: "Print the derivation of each node; build nothing",
  keepGoing: "Build what does not depend on a build that has failed",
};

export const deploy = {
  built: "RESULT of nixus build to deploy, instead of evaluating the network",
  dryRun: "Say what would be done to each machine, and change nothing",
  brief: "Evaluates the network and deploys it to its machines",
  changed: "Only nodes whose machine was last seen with another system",
  resume: "Deploy what the last deployment has missed, the same systems as then",
  force: "Replace a system, too, that somebody else has put there",
  wait: "Wait for machines that somebody else deploys, instead of failing",
  reboot: "Reboot machines that need it, also where rebootPolicy is never",
};

export const diff = {
  brief: "Shows what a deployment would change on machines: packages, files, units, secrets, reboots",
};

export const rollout = {
  parallel: "N machines are deployed at the same time",
  batch: "N or N% of the machines are deployed together, one batch after the other",
  canary: "NODE, PATTERN or @TAG that goes first and has to do well; may be repeated",
  pause: "TIME to wait between two batches: 30s, 5m, 1h",
  maxFailures: "N machines may fail before no other is begun (with batches or canaries: 0)",
};

export const evaluate = {
  brief: "Prints a value of the evaluated network",
  path: "Attribute path, e.g. nodes.foo.host",
};

export const dns = {
  brief: "What the name servers of the network have",
  check: "Compares what the name servers answer with what the network says; fails when anything differs",
  zones: "Names of the zones to check (default: all)",
};

/** Of commands that read their flags themselves. */
export const words = "Flags and arguments; --help lists them";

export const nixInstantiate = {
  brief: "Evaluates Nix expressions; has the flags and the output of Nix's own nix-instantiate",
};

export const repl = {
  brief: "Evaluates expressions of the Nix language as they are typed",
  welcome: "Nixus; :? lists the commands",
  prompt: "nixus> ",
  continuation: "     > ",
};

export function tryHelp(command: readonly string[]): string {
  return `Try '${["nixus", ...command, "--help"].join(" ")}' for more information.`;
}

export const completion = {
  brief: "Prints the script that has a shell complete commands, flags and names of nodes",
  bash: "For ~/.bashrc: source <(nixus completion bash)",
  zsh: "For ~/.zshrc, after compinit: source <(nixus completion zsh)",
  fish: "For ~/.config/fish/completions/nixus.fish: nixus completion fish >FILE",
  /** What these scripts run. */
  hidden: "__complete",
  proposals: "Prints what the last of the words may become",
  words: "The words of a command line",
};

export const explain = {
  brief: "Says which definitions made a value of the network",
  path: "Attribute path, e.g. nodes.foo.configuration.environment.etc.motd.text",
};

export const options = {
  brief: "Lists the options of the network and of its machines' configurations",
  pattern: "Part of the names to list; * stands for anything",
  markdown: "Print Markdown instead of text",
};

/** One address that `nixus lock` assigned or removed. */
interface ChangedAddress {
  readonly network: string;
  readonly node: string;
  readonly address: string;
}

export const lock = {
  brief: "Assigns what nixus.lock keeps for the network: addresses in VPNs",
  unchanged: "nixus.lock has all that the network needs",
  assigned: ({ network, node, address }: ChangedAddress) =>
    `assigned ${address} to '${node}' in the VPN '${network}'`,
  removed: ({ network, node, address }: ChangedAddress) =>
    `removed ${address}, which '${node}' does not have any more in the VPN '${network}'`,
};

export const vpn = {
  brief: "Virtual private networks",
  keys: "Makes keys for the members of VPNs that have none ('wireguard.generateKeys'), as secrets",
  noKeys: "nothing to generate: no member of a VPN is to have its key made ('wireguard.generateKeys')",
};

export const graph = {
  brief: "Draws who reaches whom in the network",
  ssh: "Shows which keys may log in where (ssh.access)",
  format: "text, dot (for Graphviz) or svg",
  none: "nobody has access to another machine: 'ssh.access' says nothing",
};

export const sshKeys = {
  brief: "Host keys of the machines",
  scan: "Fetches a machine's host keys and prints the Nix for 'ssh.access'",
  node: "Name of the node",
  check: (node: string) =>
    `Compare the fingerprints with the machine's own before you trust them: on '${node}', for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done`,
  none: (node: string, host: string, why: string) =>
    `got no host keys of '${node}' from '${host}'${why === "" ? "" : `: ${why}`}; is it on, and does sshd answer there?`,
};

export const secrets = {
  brief: "Secrets of the network: what there is of them, and nixus.lock, which says what they are",
  check: "Reads all secrets and compares them with nixus.lock",
  edit: "Opens a secret that is encrypted with age in $EDITOR",
  generate: "Makes the generated secrets that are not there yet",
  list: "Lists all secrets: owner, state and where they come from",
  rotate: "Gives generated secrets another content, or the digests another key",
  update: "Brings nixus.lock up to date, and encrypts generated secrets to those who deploy now",
  whoCanRead: "Says who can read a secret, here and on machines",
  name: "Secret, as NODE/NAME, or NAME when several nodes share it",
  names: "Secrets, as NODE/NAME, or NAME when several nodes share it (default: all)",
  none: "the network has no secrets",
  upToDate: "nixus.lock is up to date",
  noneMissing: "nothing to generate: all of them are there ('nixus secrets rotate' makes new ones)",
  noneGenerated: "nothing to generate: the network has no secret that is generated",
  newKey: "Make a new key for all digests: everything that refers to a secret restarts",
};

export const noDirectory = "error: the current directory is not there any more; change to another one";

export function unexpected(stack: string): string {
  return `error: something went wrong inside nixus; please report it with what you did\n${stack}`;
}

export const machines = { parallel: "N machines are asked at the same time" };

export const status = {
  brief: "Shows how machines stand: systems, deployments under way, drift, failed units, needed reboots",
};

export const history = {
  brief: "Lists the deployments that machines remember",
  limit: "The last N of each machine",
};

export const rollback = {
  brief: "Goes back to an earlier generation, guarded as a deployment is",
  to: "GENERATION to go to, by its number (default: the last one with another system)",
};

export const confirm = {
  brief: "Confirms deployments that were left waiting for it",
};

export const exec = {
  brief: "Runs a command on machines, as root",
  on: "NODE, PATTERN or @TAG to run it on; may be repeated (default: all)",
  command: "The command, for /bin/sh; after -- when it has flags",
};

export const ssh = {
  brief: "Opens a session on a machine, or runs a command there, with the node's SSH options",
  absent: "there is no ssh here; install the OpenSSH client",
  words: "The node, then what to run there; after -- when it has flags",
};
