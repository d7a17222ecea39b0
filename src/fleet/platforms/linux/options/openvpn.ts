/** `services.openvpn.servers`: instances of OpenVPN, servers and clients, each a service `openvpn-<name>`, as on NixOS. */
import { type ConfigOf, defineModule, type ModuleArgs, mkIf, option } from "../../../../modules/define.ts";
import { concatText, text } from "../../../../modules/store-string.ts";
import { t } from "../../../../modules/types/index.ts";
import { packageOption } from "./packages.ts";
import { type Text, toFile } from "./text-files.ts";

const file = import.meta.url;

const instance = {
  config: option({ type: t.lines, description: "The configuration, as in openvpn(8)." }),
  up: option({
    type: t.lines,
    default: "",
    description: "Shell commands that are run when the tunnel is set up.",
  }),
  down: option({ type: t.lines, default: "", description: "Shell commands that are run when it is gone." }),
  autoStart: option({
    type: t.bool,
    default: true,
    description: "Whether the instance is started with the machine.",
  }),
} as const;

type Instance = ConfigOf<typeof instance>;

export const openvpnOptions = defineModule({
  file,
  options: {
    services: {
      openvpn: {
        package: packageOption("openvpn", "`openvpn`"),
        servers: option({
          type: t.attrsOf(t.submodule({ file, options: instance })),
          default: {},
          description: "Instances of OpenVPN, by name; clients as well as servers.",
        }),
      },
    },
  },
  config: ({ config, lib }) => {
    const openvpn = () => config.services.openvpn;
    const used = () => Object.keys(openvpn().servers).length > 0;
    return {
      environment: {
        systemPackages: mkIf(
          () => used() && openvpn().package !== null,
          () => [openvpn().package],
        ),
      },
      systemd: {
        services: mkIf(used, () =>
          Object.fromEntries(
            Object.entries(openvpn().servers).map(([name, one]) => [`openvpn-${name}`, unit(lib, name, one)]),
          ),
        ),
      },
    };
  },
});

function unit(lib: ModuleArgs["lib"], name: string, { config, up, down, autoStart }: Instance) {
  return {
    description: `OpenVPN instance '${name}'`,
    wantedBy: autoStart ? ["multi-user.target"] : [],
    after: ["network.target"],
    serviceConfig: {
      Type: "notify",
      Restart: "always",
      ExecStart: () => {
        const hook = (event: string, commands: Text): Text[] =>
          commands === ""
            ? []
            : [text`${event} "/bin/bash -e ${toFile(lib, `openvpn-${name}-${event}`, text`${commands}\n`)}"`];
        const hooks = [...hook("up", up), ...hook("down", down)];
        const lines = [
          "errors-to-stderr",
          ...(hooks.length === 0 ? [] : ["script-security 2"]),
          config,
          ...hooks,
        ];
        const path = toFile(lib, `openvpn-config-${name}`, text`${concatText(lines, "\n")}\n`);
        return text`/usr/sbin/openvpn --suppress-timestamps --config ${path}`;
      },
    },
  };
}
