/** A package repository on a machine's disk: test machines do not reach the distribution's. */
import type { Machine } from "./lib/index.ts";

export interface Package {
  readonly name: string;
  /** Shell commands that are run in the package's root before it is packed. */
  readonly contents?: string;
  /** Shell commands that are run on the machine when it has been installed. */
  readonly postinst?: string;
  /** Further lines of its control file: `Provides: mail-transport-agent`. */
  readonly control?: readonly string[];
}

/** Makes these the only packages that the machine can install. */
export async function offerPackages(machine: Machine, packages: readonly Package[]): Promise<void> {
  await machine.exec(`
    rm -rf /root/repository && mkdir /root/repository
    mkdir -p /root/sources
    mv /etc/apt/sources.list.d /etc/apt/sources.list /root/sources/ 2>/dev/null
    echo 'deb [trusted=yes] file:/root/repository ./' >/etc/apt/sources.list
    ${packages.map(build).join("\n")}
  `);
}

function build({ name, contents = "", postinst = "", control = [] }: Package): string {
  return `
    rm -rf /root/package && mkdir -p /root/package/DEBIAN && cd /root/package
    cat >DEBIAN/control <<'END'
${[
  `Package: ${name}`,
  "Version: 1",
  "Architecture: all",
  "Maintainer: nobody <nobody@example.com>",
  "Description: of a test",
  ...control,
].join("\n")}
END
    cat >DEBIAN/postinst <<'END'
#!/bin/sh
set -e
${postinst}
END
    chmod 755 DEBIAN/postinst
    ${contents}
    cd /root/repository && dpkg-deb --build /root/package ${name}.deb >/dev/null
    { cat /root/package/DEBIAN/control
      echo "Filename: ./${name}.deb"
      echo "Size: $(stat -c %s ${name}.deb)"
      echo "SHA256: $(sha256sum ${name}.deb | cut -d' ' -f1)"
      echo
    } >>Packages`;
}
