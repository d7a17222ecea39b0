/** `users.users`, `users.groups`: accounts, added to those that the machine has. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

const file = import.meta.url;

const accountName = t.strMatching("[a-z_][a-z0-9_.-]*[$]?");

const user = defineModule({
  file,
  options: {
    name: option({
      type: t.nullOr(accountName),
      default: null,
      defaultText: "the attribute's name",
      description: "Name of the account.",
    }),
    uid: option({
      type: t.nullOr(t.ints.unsigned),
      default: null,
      description: "The account's number; null: the next free one.",
    }),
    isNormalUser: option({ type: t.bool, default: false, description: "The account of a person." }),
    isSystemUser: option({ type: t.bool, default: false, description: "The account of a service." }),
    group: option({
      type: t.nullOr(accountName),
      default: null,
      defaultText: "`users` for a normal user",
      description: "Primary group.",
    }),
    extraGroups: option({ type: t.listOf(t.str), default: [], description: "Other groups it is in." }),
    home: option({
      type: t.nullOr(t.passwdEntry(t.path)),
      default: null,
      defaultText: "`/home/NAME` for a normal user, none otherwise",
      description: "Home directory.",
    }),
    createHome: option({
      type: t.nullOr(t.bool),
      default: null,
      defaultText: "true for a normal user",
      description: "Create the home directory when it does not exist. It is never deleted.",
    }),
    shell: option({
      type: t.nullOr(t.passwdEntry(t.path)),
      default: null,
      defaultText: "/bin/bash for a normal user, no login otherwise",
      description: "Login shell.",
    }),
    description: option({
      type: t.passwdEntry(t.str),
      default: "",
      description: "The person's or the service's full name.",
    }),
    hashedPassword: option({
      type: t.nullOr(t.passwdEntry(t.str)),
      default: null,
      description: "Hash of the password of a new account (crypt(5)); null: no password lets in.",
    }),
    hashedPasswordFile: option({
      type: t.nullOr(t.passwdEntry(t.str)),
      default: null,
      description:
        "File on the machine whose first line is that hash, instead of `hashedPassword`: `secrets.files.<name>.file` of a secret with `neededForUsers`.",
    }),
    openssh: {
      authorizedKeys: {
        keys: option({
          type: t.listOf(t.singleLineStr),
          default: [],
          description:
            "Public keys that may log in as this user, beside those in its `~/.ssh/authorized_keys`.",
        }),
        keyFiles: option({
          type: t.listOf(t.path),
          default: [],
          description: "Files with such keys, one a line; read when the network is evaluated.",
        }),
      },
    },
  },
});

const group = defineModule({
  file,
  options: {
    name: option({
      type: t.nullOr(accountName),
      default: null,
      defaultText: "the attribute's name",
      description: "Name of the group.",
    }),
    gid: option({
      type: t.nullOr(t.ints.unsigned),
      default: null,
      description: "The group's number; null: the next free one.",
    }),
    members: option({ type: t.listOf(t.str), default: [], description: "Accounts that are in the group." }),
  },
});

export const usersOptions = defineModule({
  file,
  options: {
    users: {
      users: option({
        type: t.attrsOf(t.submodule(user)),
        default: {},
        description:
          "Accounts. One that the machine has already is adopted: uid, home, password and primary group stay.",
      }),
      groups: option({
        type: t.attrsOf(t.submodule(group)),
        default: {},
        description: "Groups. One that the machine has already keeps its number and its other members.",
      }),
    },
  },
});
