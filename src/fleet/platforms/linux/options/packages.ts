/** `environment.systemPackages`: packages of the machine's distribution; and how other options ask for one. */
import { defineModule, option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import { withParts } from "../../../../modules/types/make.ts";

/**
 * A hyphen at the end is apt's word for removing a package, and a name with other characters is a pattern to it
 * (apt-get(8), install).
 */
const packageName = withParts<string>(t.strMatching("[a-z0-9][a-z0-9+.-]*[a-z0-9+.](:[a-z0-9-]+)?"), {
  description: "name of a package of the distribution",
});

/**
 * `services.NAME.package`: the package that an option needs, to be added to `environment.systemPackages` where the
 * option is in use. Its default is Debian's name; on another distribution, or where the programs come in another way,
 * the user says so.
 */
export function packageOption(debianName: string, what: string) {
  return option({
    type: t.nullOr(packageName),
    default: debianName,
    description: `The distribution's package with ${what}. null: nothing is installed; the machine has it already.`,
  });
}

export const packagesOptions = defineModule({
  file: import.meta.url,
  options: {
    environment: {
      systemPackages: option({
        type: t.listOf(packageName),
        default: [],
        example: ["htop", "postgresql-client"],
        description:
          "Packages of the distribution, by name, that are installed before the system is activated if the machine does not have them. " +
          "Services that come with them are neither started nor enabled by that: say so with `systemd.services.NAME.wantedBy`. " +
          "Packages stay when they are no longer named, and on a roll-back.",
      }),
    },
  },
});
