// Backups from machine to machine: a timer on the one, an account with a directory on the other, and the key between them.
// What backups.nix is in the Nix language.
import { defineNetworkModule, mkMerge, option, types as t } from "nixus";

const backup = t.submodule({
  options: {
    to: option({ type: t.str, description: "The node that keeps the backups." }),
    paths: option({ type: t.listOf(t.strMatching("/.*")), description: "What is backed up." }),
    startAt: option({
      type: t.str,
      default: "daily",
      description: "When (systemd.time(7), calendar events).",
    }),
    keepDays: option({
      type: t.ints.positive,
      default: 30,
      description: "Days after which a backup is deleted.",
    }),
    publicKey: option({ type: t.str, description: "The public key of /root/.ssh/backup on the machine." }),
  },
});

interface Backup {
  readonly to: string;
  readonly paths: readonly string[];
  readonly startAt: string;
  readonly keepDays: number;
  readonly publicKey: string;
}

export default defineNetworkModule({
  options: {
    backups: option({
      type: t.attrsOf(backup),
      default: {},
      description: "Backups, by the node that is backed up.",
    }),
  },
  config: ({ config }) => ({
    // Which nodes there are depends on `config', so it is computed later: `() => ...'.
    nodes: () =>
      mkMerge(
        Object.entries(config.backups).map(([node, settings]) => ({
          [node]: { configuration: source(node, settings) },
          [settings.to]: { configuration: target(node, settings) },
        })),
      ),

    // The key can do one thing: add a file.
    ssh: {
      access: () =>
        Object.fromEntries(
          Object.entries(config.backups).map(([node, { to, publicKey }]) => [
            node,
            {
              keys: {
                backup: {
                  publicKey,
                  options: {
                    restrict: true,
                    command: 'umask 077; cat >"$HOME/$(date +%Y-%m-%dT%H%M%S).tar.gz"',
                  },
                  hasAccessTo: { [to]: { [account(node)]: true } },
                },
              },
            },
          ]),
        ),
    },
  }),
});

const account = (node: string) => `backup-${node}`;
const directory = (node: string) => `/srv/backups/${node}`;
const quoted = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** What the machine itself does. */
function source(node: string, { to, paths, startAt }: Backup) {
  return {
    systemd: {
      services: {
        backup: {
          startAt,
          script: `set -o pipefail
tar -C / -cz ${paths.map((path) => quoted(path.replace(/^\//, ""))).join(" ")} |
  ssh -o BatchMode=yes -i /root/.ssh/backup ${account(node)}@${to}
`,
        },
      },
    },
  };
}

/** What the machine with the backups does. */
function target(node: string, { keepDays }: Backup) {
  const name = account(node);
  return {
    users: {
      users: { [name]: { isSystemUser: true, group: name, home: directory(node), shell: "/bin/sh" } },
      groups: { [name]: {} },
    },
    systemd: {
      tmpfiles: {
        rules: ["d /srv/backups 0755 root root -", `d ${directory(node)} 0700 ${name} ${name} -`],
      },
      services: {
        [`prune-${name}`]: {
          startAt: "daily",
          script: `find ${directory(node)} -name '*.tar.gz' -mtime +${keepDays} -delete\n`,
          serviceConfig: { User: name },
        },
      },
    },
  };
}
