/**
 * `services.nsd`: the authoritative name server NSD as a service `nsd`, with NixOS's options (but for those of DNSSEC,
 * for which NixOS runs tools of BIND). It takes the place of the distribution's service of that name.
 */
import { type ConfigOf, defineModule, mkBefore, mkIf, option } from "../../../../modules/define.ts";
import { concatText, text } from "../../../../modules/store-string.ts";
import { t } from "../../../../modules/types/index.ts";
import { nsdConf, nsdState, zoneFileName } from "./nsd-conf.ts";
import { nsdZone, servedZones } from "./nsd-zone.ts";
import { packageOption } from "./packages.ts";
import { type Text, toFile } from "./text-files.ts";

const file = import.meta.url;

const flag = (value: boolean, description: string) => option({ type: t.bool, default: value, description });
const number = (value: number, description: string) => option({ type: t.int, default: value, description });
const numberOrNull = (description: string) => option({ type: t.nullOr(t.int), default: null, description });
const textOrNull = (description: string) => option({ type: t.nullOr(t.str), default: null, description });
const path = (value: string, description: string) => option({ type: t.path, default: value, description });

const key = {
  algorithm: option({ type: t.str, default: "hmac-sha256", description: "Algorithm of the key." }),
  keyFile: option({
    type: t.path,
    description:
      "File on the machine with the key's secret in base64. It is copied to where NSD alone can read it.",
  }),
};

const options = {
  services: {
    nsd: {
      enable: flag(false, "Whether the authoritative name server NSD runs."),
      package: packageOption("nsd", "`nsd`"),
      extraConfig: option({ type: t.lines, default: "", description: "Lines added to the configuration." }),
      hideVersion: flag(true, "Whether questions for the server's version get no answer."),
      identity: option({
        type: t.str,
        default: "unidentified server",
        description: "What the server calls itself (CH TXT ID.SERVER).",
      }),
      interfaces: option({
        type: t.listOf(t.str),
        default: ["127.0.0.0", "::1"],
        description: "Addresses to listen on.",
      }),
      ipFreebind: flag(false, "Whether it listens on addresses that the machine does not have yet."),
      ipTransparent: flag(false, "Whether it may listen on addresses that are not the machine's."),
      ipv4: flag(true, "Whether it listens on IPv4."),
      ipv4EDNSSize: number(4096, "Size of answers by IPv4 that it prefers."),
      ipv6: flag(true, "Whether it listens on IPv6."),
      ipv6EDNSSize: number(4096, "Size of answers by IPv6 that it prefers."),
      logTimeAscii: flag(true, "Whether times in its log are dates; otherwise seconds."),
      nsid: textOrNull('Identity of the server (NSID): hexadecimal digits, or "ascii_..."'),
      port: number(53, "The port."),
      reuseport: flag(true, "Whether several processes of it may listen on one address (SO_REUSEPORT)."),
      roundRobin: flag(false, "Whether the order of records changes with every answer."),
      serverCount: number(1, "Number of processes that answer."),
      statistics: numberOrNull("Seconds between statistics in the log."),
      tcpCount: number(100, "Most TCP connections at a time."),
      tcpQueryCount: number(0, "Most questions in one TCP connection. 0: any number."),
      tcpTimeout: number(120, "Seconds after which an idle TCP connection ends."),
      verbosity: number(0, "How much it logs."),
      version: textOrNull("The version that it says it has."),
      xfrdReloadTimeout: number(1, "Least seconds between two reloads after transfers."),
      zonefilesCheck: flag(true, "Whether it looks at the times of zone files when it starts and reloads."),
      keys: option({
        type: t.attrsOf(t.submodule({ file, options: key })),
        default: {},
        example: { "tsig.example.org": { keyFile: "/etc/nsd-transfer.key" } },
        description: "TSIG keys, by name.",
      }),
      ratelimit: {
        enable: flag(false, "Whether the options below have an effect."),
        ipv4PrefixLength: numberOrNull("Addresses with this prefix count together."),
        ipv6PrefixLength: numberOrNull("Addresses with this prefix count together."),
        ratelimit: number(200, "Most questions a second from one source. 0: any number."),
        slip: numberOrNull("After how many dropped questions one gets a truncated answer."),
        size: number(1_000_000, "Size of the table."),
        whitelistRatelimit: number(2000, "Most questions a second for what zones list as `rrlWhitelist`."),
      },
      remoteControl: {
        enable: flag(false, "Whether `nsd-control` can control the server."),
        controlCertFile: path("/etc/nsd/nsd_control.pem", "Certificate of the client."),
        controlKeyFile: path("/etc/nsd/nsd_control.key", "Key of the client."),
        interfaces: option({
          type: t.listOf(t.str),
          default: ["127.0.0.1", "::1"],
          description: "Addresses to listen on for it.",
        }),
        port: number(8952, "The port for it."),
        serverCertFile: path("/etc/nsd/nsd_server.pem", "Certificate of the server."),
        serverKeyFile: path("/etc/nsd/nsd_server.key", "Key of the server."),
      },
      zones: option({
        type: t.attrsOf(nsdZone),
        default: {},
        example: { "example.com.": { data: "@ SOA ...", provideXFR: ["192.0.2.2 NOKEY"] } },
        description:
          "The zones that the server has; those with `children` are only what these have in common.",
      }),
    },
  },
} as const;

export type Nsd = ConfigOf<typeof options>["services"]["nsd"];

export const nsdOptions = defineModule({
  file,
  options,
  config: ({ config, lib }) => {
    const nsd = () => config.services.nsd;
    const used = () => nsd().enable;
    const stored = () => toFile(lib, "nsd.conf", nsdConf(nsd()));
    const zoneFiles = () =>
      servedZones(nsd().zones).map(
        ([name, { data }]) => [name, toFile(lib, `nsd-zone-${zoneFileName(name)}`, data)] as const,
      );
    return {
      environment: {
        systemPackages: mkIf(
          () => used() && nsd().package !== null,
          () => [nsd().package],
        ),
        etc: mkIf(used, () => ({ "nsd/nsd.conf": { source: stored, mode: "0444" } })),
      },
      system: { preSwitchChecks: mkIf(used, () => ({ nsd: () => checkConfig(stored(), zoneFiles()) })) },
      systemd: {
        services: mkIf(used, () => ({
          nsd: {
            description: "NSD authoritative only domain name service",
            documentation: ["man:nsd(8)"],
            after: ["network.target"],
            wantedBy: ["multi-user.target"],
            restartTriggers: () => [stored()],
            preStart: mkBefore(() => prepare(nsd(), zoneFiles())),
            serviceConfig: {
              Type: "notify",
              ExecStart: '/usr/sbin/nsd -d -P "" -c /etc/nsd/nsd.conf',
              ExecReload: "+/bin/kill -HUP $MAINPID",
              Restart: "always",
              RestartSec: "4s",
              RuntimeDirectory: "nsd",
              NoNewPrivileges: true,
              PrivateTmp: true,
              ProtectHome: true,
            },
          },
        })),
      },
    };
  },
});

type ZoneFiles = readonly (readonly [name: string, stored: Text])[];

function prepare({ keys }: Nsd, zones: ZoneFiles): Text {
  const copies = zones.map(
    ([name, stored]) => text`cp -- ${stored} '${nsdState}/zones/${zoneFileName(name)}'\n`,
  );
  const secrets = Object.entries(keys).map(([name, { keyFile }]) => text`copy_key '${name}' '${keyFile}'\n`);
  return text`rm -rf ${nsdState}/zones ${nsdState}/private ${nsdState}/tmp
install -d -m 0755 ${nsdState}/zones
install -d -m 0700 -o nsd -g nsd ${nsdState}/private ${nsdState}/tmp ${nsdState}/var
copy_key() (
  umask 077
  secret=$(cat -- "$2")
  printf '  secret: "%s"\\n' "$secret" >"${nsdState}/private/$1"
  chown nsd:nsd "${nsdState}/private/$1"
)
${concatText([...copies, ...secrets])}`;
}

/** nsd-checkconf reads what the configuration includes, which is there when it has started once. */
function checkConfig(stored: Text, zones: ZoneFiles): Text {
  const checks = zones.map(
    ([name, zoneFile]) => text`nsd-checkzone '${name}' ${zoneFile} >/dev/null || exit 1\n`,
  );
  return text`if ! command -v nsd-checkconf >/dev/null; then
  if [ "$2" = dry-activate ]; then exit 0; fi
  echo "services.nsd needs nsd-checkconf and nsd, which this machine does not have" >&2
  exit 1
fi
copy=$(mktemp)
trap 'rm -f -- "$copy"' EXIT
# Secrets of keys are put there by the start; any text of that form has to do.
sed 's|^  include: "${nsdState}/private/.*"$|  secret: "AAAA"|' ${stored} >"$copy"
if ! answer=$(nsd-checkconf "$copy" 2>&1); then
  echo "nsd would refuse its configuration: $answer" >&2
  exit 1
fi
${concatText(checks)}`;
}
