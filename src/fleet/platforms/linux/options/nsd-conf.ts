/** The text of /etc/nsd/nsd.conf (nsd.conf(5)). */
import { concatText, text } from "../../../../modules/store-string.ts";
import type { Nsd } from "./nsd.ts";
import { type NsdZoneSettings, servedZones } from "./nsd-zone.ts";
import type { Text } from "./text-files.ts";

/** Where NSD keeps what it needs beside its configuration, as on NixOS. */
export const nsdState = "/var/lib/nsd";

export const zoneFileName = (zone: string): string =>
  zone === "." ? "root" : zone.replaceAll(/[^A-Za-z0-9._-]/g, "-");

type Value = boolean | number | Text | null;

/** A line; nothing for null. */
function line(name: string, value: Value): Text {
  if (value === null) return "";
  if (typeof value === "boolean") return `  ${name}: ${value ? "yes" : "no"}\n`;
  return typeof value === "number" ? `  ${name}: ${value}\n` : text`  ${name}: "${value}"\n`;
}

/** Words that stand for themselves: addresses with the name of a key. */
const lines = (name: string, values: readonly string[]): string =>
  values.map((value) => `  ${name}: ${value}\n`).join("");

export function nsdConf(nsd: Nsd): Text {
  const { ratelimit: limit, remoteControl: control } = nsd;
  const limits = limit.enable
    ? [
        line("rrl-ipv4-prefix-length", limit.ipv4PrefixLength),
        line("rrl-ipv6-prefix-length", limit.ipv6PrefixLength),
        line("rrl-ratelimit", limit.ratelimit),
        line("rrl-slip", limit.slip),
        line("rrl-size", limit.size),
        line("rrl-whitelist-ratelimit", limit.whitelistRatelimit),
      ]
    : [];
  return concatText([
    "server:\n",
    line("username", "nsd"),
    line("zonesdir", nsdState),
    // No database: the zones are read from their files, and secondaries write theirs.
    line("database", ""),
    line("pidfile", "/run/nsd/nsd.pid"),
    line("xfrdfile", `${nsdState}/var/xfrd.state`),
    line("xfrdir", `${nsdState}/tmp`),
    line("zonelistfile", `${nsdState}/var/zone.list`),
    lines("ip-address", nsd.interfaces),
    line("ip-freebind", nsd.ipFreebind),
    line("hide-version", nsd.hideVersion),
    line("identity", nsd.identity),
    line("ip-transparent", nsd.ipTransparent),
    line("do-ip4", nsd.ipv4),
    line("ipv4-edns-size", nsd.ipv4EDNSSize),
    line("do-ip6", nsd.ipv6),
    line("ipv6-edns-size", nsd.ipv6EDNSSize),
    line("log-time-ascii", nsd.logTimeAscii),
    line("nsid", nsd.nsid),
    line("port", nsd.port),
    line("reuseport", nsd.reuseport),
    line("round-robin", nsd.roundRobin),
    line("server-count", nsd.serverCount),
    line("statistics", nsd.statistics),
    line("tcp-count", nsd.tcpCount),
    line("tcp-query-count", nsd.tcpQueryCount),
    line("tcp-timeout", nsd.tcpTimeout),
    line("verbosity", nsd.verbosity),
    line("version", nsd.version),
    line("xfrd-reload-timeout", nsd.xfrdReloadTimeout),
    line("zonefiles-check", nsd.zonefilesCheck),
    ...limits,
    ...Object.entries(nsd.keys).map(keyBlock),
    "\nremote-control:\n",
    line("control-enable", control.enable),
    line("control-key-file", control.controlKeyFile),
    line("control-cert-file", control.controlCertFile),
    lines("control-interface", control.interfaces),
    line("control-port", control.port),
    line("server-key-file", control.serverKeyFile),
    line("server-cert-file", control.serverCertFile),
    ...servedZones(nsd.zones).map(zoneBlock),
    "\n",
    nsd.extraConfig,
  ]);
}

function keyBlock([name, { algorithm }]: readonly [string, { readonly algorithm: string }]): Text {
  return text`\nkey:\n${line("name", name)}${line("algorithm", algorithm)}  include: "${nsdState}/private/${name}"\n`;
}

function zoneBlock([name, zone]: readonly [string, NsdZoneSettings]): Text {
  return concatText([
    "\nzone:\n",
    line("name", name),
    line("zonefile", `${nsdState}/zones/${zoneFileName(name)}`),
    line("outgoing-interface", zone.outgoingInterface),
    lines("rrl-whitelist", zone.rrlWhitelist),
    line("zonestats", zone.zoneStats),
    line("max-refresh-time", zone.maxRefreshSecs),
    line("min-refresh-time", zone.minRefreshSecs),
    line("max-retry-time", zone.maxRetrySecs),
    line("min-retry-time", zone.minRetrySecs),
    line("allow-axfr-fallback", zone.allowAXFRFallback),
    lines("allow-notify", zone.allowNotify),
    lines("request-xfr", zone.requestXFR),
    lines("notify", zone.notify),
    line("notify-retry", zone.notifyRetry),
    lines("provide-xfr", zone.provideXFR),
  ]);
}
