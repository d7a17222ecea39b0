/**
 * `services.bind`: the name server BIND as a service `bind`, with NixOS's options. The distribution's own service for
 * it, `named`, is out of effect meanwhile. Its AppArmor profile lets it read /etc/bind, and write /var/cache/bind and
 * /var/lib/bind: so its configuration is a copy in /etc/bind.
 */
import { type ConfigOf, defineModule, mkBefore, mkIf, option } from "../../../../modules/define.ts";
import { concatText, text } from "../../../../modules/store-string.ts";
import { t } from "../../../../modules/types/index.ts";
import { packageOption } from "./packages.ts";
import { type Text, toFile } from "./text-files.ts";

const file = import.meta.url;

const strings = (value: readonly string[], description: string) =>
  option({ type: t.listOf(t.str), default: value, description });

const zone = {
  name: option({ type: t.str, defaultText: "the attribute's name", description: "Name of the zone." }),
  master: option({
    type: t.bool,
    default: true,
    description: "Whether the zone is read from `file` here; `false`: it is fetched from `masters`.",
  }),
  file: option({
    type: t.either(t.path, t.str),
    description: "The zone file; of a secondary, where the zone is kept.",
  }),
  masters: strings(
    [],
    "Servers to fetch the zone from: addresses, each with `key NAME` behind it if it needs one.",
  ),
  slaves: strings([], "Who may fetch the zone: addresses, or `key NAME`."),
  extraConfig: option({ type: t.lines, default: "", description: "Lines put into the zone's block." }),
} as const;

type Zone = ConfigOf<typeof zone>;

const zoneModule = defineModule({
  file,
  options: zone,
  config: (args) => ({ name: mkBefore(() => args.name) }),
});

const options = {
  services: {
    bind: {
      enable: option({ type: t.bool, default: false, description: "Whether the name server BIND runs." }),
      package: packageOption("bind9", "`named`"),
      cacheNetworks: strings(
        ["127.0.0.0/24"],
        "Networks that may ask recursive questions. Everybody may ask about the zones.",
      ),
      blockedNetworks: strings([], "Networks that get no answer."),
      ipv4Only: option({ type: t.bool, default: false, description: "Use IPv4 only." }),
      forwarders: strings([], "Servers that recursive questions are forwarded to."),
      listenOn: strings(["any"], "IPv4 addresses to listen on."),
      listenOnIpv6: strings(["any"], "IPv6 addresses to listen on."),
      directory: option({
        type: t.str,
        default: "/var/cache/bind",
        description: "Working directory of the server.",
      }),
      zones: option({
        type: t.coercedTo(t.listOf(t.attrs), zonesByName, t.attrsOf(t.submodule(zoneModule))),
        default: {},
        example: { "example.com": { file: "/var/lib/bind/example.com", slaves: ["192.0.2.2"] } },
        description: "The zones that the server has, by name; a list of sets with `name` as well.",
      }),
      extraConfig: option({ type: t.lines, default: "", description: "Lines added to the configuration." }),
      extraOptions: option({
        type: t.lines,
        default: "",
        description: "Lines added to the `options` block of the configuration.",
      }),
      configFile: option({
        type: t.nullOr(t.path),
        default: null,
        defaultText: "made of the other options",
        description: "The configuration file, instead of the one that the other options make.",
      }),
    },
  },
} as const;

type Bind = ConfigOf<typeof options>["services"]["bind"];

function zonesByName(zones: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(
    (zones as readonly { readonly name: string }[]).map((one) => [one.name, one] as const),
  );
}

/** Where the configuration is on the machine. */
const configPath = "/etc/bind/named.conf";

export const bindOptions = defineModule({
  file,
  options,
  config: ({ config, lib }) => {
    const bind = () => config.services.bind;
    const used = () => bind().enable;
    const stored = () => bind().configFile ?? toFile(lib, "named.conf", namedConf(bind()));
    return {
      environment: {
        systemPackages: mkIf(
          () => used() && bind().package !== null,
          () => [bind().package],
        ),
        etc: mkIf(used, () => ({ "bind/named.conf": { source: stored, mode: "0444" } })),
      },
      system: { preSwitchChecks: mkIf(used, () => ({ bind: () => checkConfig(stored()) })) },
      systemd: {
        services: mkIf(used, () => ({
          named: { enable: false },
          bind: {
            description: "BIND Domain Name Server",
            documentation: ["man:named(8)"],
            wants: ["nss-lookup.target"],
            after: ["network.target"],
            before: ["nss-lookup.target"],
            wantedBy: ["multi-user.target"],
            restartTriggers: () => [stored()],
            preStart: mkBefore(() => prepare),
            // It goes into the background when its zones are loaded.
            script: () => start(bind().ipv4Only),
            reload: "rndc -k /etc/bind/rndc.key reload",
            serviceConfig: {
              Type: "forking",
              PIDFile: "/run/named/named.pid",
              Restart: "on-failure",
            },
          },
        })),
      },
    };
  },
});

const findUser = "if id -u bind >/dev/null 2>&1; then user=bind; else user=named; fi";

/** The distribution makes these when it starts its own service, or the package is installed. */
const prepare = `${findUser}
install -d -m 0775 -o root -g "$user" /run/named
if ! [ -e /etc/bind/rndc.key ]; then
  rndc-confgen -a -A hmac-sha256 -c /etc/bind/rndc.key -u "$user"
fi
`;

const start = (ipv4Only: boolean) => `${findUser}
exec named -u "$user" ${ipv4Only ? "-4 " : ""}-c ${configPath}
`;

/** Keys that other services put there when they start may not be there yet: then only the start can tell. */
function checkConfig(stored: Text): Text {
  return text`if ! command -v named-checkconf >/dev/null; then
  if [ "$2" = dry-activate ]; then exit 0; fi
  echo "services.bind needs named-checkconf and named, which this machine does not have" >&2
  exit 1
fi
if ! answer=$(named-checkconf ${stored} 2>&1); then
  case $answer in
    *"file not found"*) echo "named's configuration is checked when it starts: $answer" ;;
    *)
      echo "named would refuse its configuration: $answer" >&2
      exit 1
      ;;
  esac
fi
`;
}

const block = (entries: readonly string[]) => entries.map((entry) => ` ${entry};`).join("");

function namedConf(bind: Bind): Text {
  return text`include "/etc/bind/rndc.key";
controls {
  inet 127.0.0.1 allow { localhost; } keys { "rndc-key"; };
};

acl cachenetworks {${block(bind.cacheNetworks)} };
acl badnetworks {${block(bind.blockedNetworks)} };

options {
  listen-on {${block(bind.listenOn)} };
  listen-on-v6 {${block(bind.listenOnIpv6)} };
  allow-query { cachenetworks; };
  blackhole { badnetworks; };
  forward first;
  forwarders {${block(bind.forwarders)} };
  directory "${bind.directory}";
  pid-file "/run/named/named.pid";
  ${bind.extraOptions}
};

${bind.extraConfig}
${concatText(Object.values(bind.zones).map(zoneBlock))}`;
}

function zoneBlock({ name, master, file: path, masters, slaves, extraConfig }: Zone): Text {
  return text`
zone "${name}" {
  type ${master ? "master" : "slave"};
  file "${path}";
  ${master ? `allow-transfer {${block(slaves)} };` : `masters {${block(masters)} };`}
  allow-query { any; };
  ${extraConfig}
};
`;
}
