/** `boot.kernel.sysctl`: parameters of the running kernel. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";

export const sysctlOptions = defineModule({
  file: import.meta.url,
  options: {
    boot: {
      kernel: {
        sysctl: option({
          type: t.attrsOf(t.nullOr(t.oneOf([t.bool, t.int, t.singleLineStr]))),
          default: {},
          example: { "vm.swappiness": 60, "net.ipv4.tcp_syncookies": false },
          description:
            "Parameters of the kernel (sysctl.d(5)), by name; null leaves one alone. The value that was found comes back when a parameter is no longer named.",
        }),
      },
    },
  },
});
