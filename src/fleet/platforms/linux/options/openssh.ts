/** `services.openssh`: what is added to the configuration of the sshd that the machine has. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

const setting = t.oneOf([t.bool, t.int, t.str]);

export const opensshOptions = defineModule({
  file: import.meta.url,
  options: {
    services: {
      openssh: {
        enable: option({
          type: t.bool,
          default: true,
          description:
            "Whether Nixus configures sshd. `false` leaves its configuration alone; sshd itself is never stopped, since the machine is deployed through it.",
        }),
        settings: option({
          type: t.attrsOf(t.nullOr(t.either(setting, t.listOf(setting)))),
          default: {},
          example: { PasswordAuthentication: false },
          description: "Settings of sshd_config(5). They win over those that the machine has.",
        }),
        ports: option({
          type: t.listOf(t.port),
          default: [],
          defaultText: "as the machine has it",
          description: "Ports that sshd listens on.",
        }),
        openFirewall: option({
          type: t.bool,
          default: true,
          description:
            "Whether `networking.firewall` lets connections to `ports` in; where those are as the machine has them, to 22.",
        }),
        authorizedKeysInHomedir: option({
          type: t.bool,
          default: true,
          description: "Whether keys in `~/.ssh/authorized_keys` may log in.",
        }),
        authorizedKeysFiles: option({
          type: t.listOf(t.str),
          default: [],
          description: "Further files with keys that may log in; `%h` is the home directory, `%u` the user.",
        }),
        extraConfig: option({
          type: t.lines,
          default: "",
          description: "Text put at the end of our part of sshd's configuration.",
        }),
      },
    },
  },
});
