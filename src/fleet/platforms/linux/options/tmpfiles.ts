/** `systemd.tmpfiles`: files and directories that are made at boot and at each activation. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

export const tmpfilesOptions = defineModule({
  file: import.meta.url,
  options: {
    systemd: {
      tmpfiles: {
        rules: option({
          type: t.listOf(t.singleLineStr),
          default: [],
          example: ["d /srv/backups 0750 backup backup -"],
          description:
            "Lines of tmpfiles.d(5), which are carried out when the system is activated and at boot. What they made holds data and stays, also on a roll-back; " +
            "so they may not concern /etc, whose files are `environment.etc`.",
        }),
      },
    },
  },
});
