/** `services.bind` and `services.nsd`: their configuration files, and the units around them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { deploymentOf, messageOf, optionValue } from "../network-of.ts";

const network = (configuration: string) =>
  `{ nodes.a = { platform = "linux"; configuration = { ${configuration} }; }; }`;

/** The text of the store object whose name ends so. */
function stored(configuration: string, name: string): string {
  const { objects } = deploymentOf(network(configuration));
  const found = objects.find(({ path, tree }) => path.endsWith(`-${name}`) && tree.type === "regular");
  if (found?.tree.type !== "regular" || !(found.tree.contents instanceof Uint8Array)) throw new Error(name);
  return Buffer.from(found.tree.contents).toString();
}

const value = (configuration: string, path: string) =>
  optionValue(network(configuration), `nodes.a.configuration.${path}`);

describe("services.bind", () => {
  const zones = `
    services.bind = {
      enable = true;
      cacheNetworks = [ "127.0.0.0/8" "::1" ];
      listenOn = [ "192.0.2.53" ];
      extraOptions = "recursion no;";
      extraConfig = "acl friends { 192.0.2.0/24; };";
      zones."example.com" = { file = "/var/lib/bind/example.com"; slaves = [ "friends" ]; extraConfig = "notify no;"; };
      zones."example.org" = { file = "/var/cache/bind/example.org"; master = false; masters = [ "192.0.2.1" "2001:db8::1" ]; };
    };`;

  it("is a configuration that named takes", () => {
    const text = stored(zones, "named.conf");
    expect(text).toContain(`zone "example.com" {
  type master;
  file "/var/lib/bind/example.com";
  allow-transfer { friends; };
  allow-query { any; };
  notify no;
};`);
    expect(text).toContain("  masters { 192.0.2.1; 2001:db8::1; };\n");
    expect(text).toContain("  listen-on { 192.0.2.53; };\n  listen-on-v6 { any; };\n");
    if (spawnSync("named-checkconf", ["-v"]).status !== 0) return;
    const directory = mkdtempSync(join(tmpdir(), "nixus-named-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "named.conf");
    writeFileSync(join(directory, "rndc.key"), 'key "rndc-key" { algorithm hmac-sha256; secret "AAAA"; };\n');
    const here = text
      .replace("/etc/bind/rndc.key", join(directory, "rndc.key"))
      .replace("/var/cache/bind", directory);
    writeFileSync(file, here);
    expect(spawnSync("named-checkconf", [file], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stdout: "",
    });
  });

  it("takes the zones as a list, as older NixOS has them", () => {
    const list = zones
      .replace('zones."example.com" = {', 'zones = [ { name = "example.com";')
      .replace('"notify no;"; };', '"notify no;"; }')
      .replace('zones."example.org" = {', '{ name = "example.org";')
      .replace('"2001:db8::1" ]; };', '"2001:db8::1" ]; } ];');
    expect(stored(list, "named.conf")).toBe(stored(zones, "named.conf"));
  });

  it("is a service in the place of the distribution's, with its package and a check", () => {
    const services = value(zones, "systemd.services") as Record<string, { enable: boolean }>;
    expect(services["named"]).toMatchObject({ enable: false });
    expect(services["bind"]).toMatchObject({ enable: true, wantedBy: ["multi-user.target"] });
    expect(value(zones, "environment.systemPackages")).toEqual(["bind9"]);
    expect(value(zones, 'environment.etc."bind/named.conf".mode')).toBe("0444");
    expect(value(zones, "system.preSwitchChecks.bind")).toContain("named-checkconf /nix/store/");
    expect(value("", "systemd.services")).toEqual({});
    expect(value("", "system.preSwitchChecks")).toEqual({});
  });

  it("takes a configuration file of one's own", () => {
    const own =
      'services.bind = { enable = true; configFile = builtins.toFile "mine.conf" "options { };"; };';
    expect(value(own, 'environment.etc."bind/named.conf".source')).toMatch(/-mine\.conf$/);
    expect(value(own, "system.preSwitchChecks.bind")).toMatch(
      /named-checkconf \/nix\/store\/[^ ]*-mine\.conf/,
    );
  });
});

describe("services.nsd", () => {
  const nsd = `
    services.nsd = {
      enable = true;
      interfaces = [ "192.0.2.53" ];
      keys.transfer.keyFile = "/etc/transfer.key";
      ratelimit.enable = true;
      zones.group = {
        provideXFR = [ "0.0.0.0/0 transfer" ];
        notifyRetry = 7;
        children."example.com.".data = "@ SOA a b 1 1 1 1 1";
        children."example.org." = { data = "@ SOA a b 2 1 1 1 1"; provideXFR = [ "192.0.2.1 NOKEY" ]; };
      };
      zones."example.net." = { requestXFR = [ "192.0.2.2 transfer" ]; data = "@ SOA a b 3 1 1 1 1"; };
    };`;

  it("is a configuration with keys and zones, which have what is said above them", () => {
    const text = stored(nsd, "nsd.conf");
    expect(text).toContain(
      'key:\n  name: "transfer"\n  algorithm: "hmac-sha256"\n  include: "/var/lib/nsd/private/transfer"\n',
    );
    expect(text).toContain("  ip-address: 192.0.2.53\n");
    expect(text).toContain("  rrl-ratelimit: 200\n");
    const zone = (name: string) =>
      text.split("\nzone:\n").find((part) => part.startsWith(`  name: "${name}"`));
    expect(zone("example.com.")).toContain("  notify-retry: 7\n  provide-xfr: 0.0.0.0/0 transfer\n");
    expect(zone("example.org.")).toContain("  notify-retry: 7\n  provide-xfr: 192.0.2.1 NOKEY\n");
    expect(zone("example.net.")).toContain("  request-xfr: 192.0.2.2 transfer\n  notify-retry: 5\n");
    expect(zone("group")).toBeUndefined();
  });

  it("has its zones' texts in the store, and its secrets not", () => {
    expect(stored(nsd, "nsd-zone-example.org.")).toBe("@ SOA a b 2 1 1 1 1");
    const preStart = value(nsd, "systemd.services.nsd.preStart") as string;
    expect(preStart).toMatch(
      /cp -- \/nix\/store\/\S+-nsd-zone-example\.com\. '\/var\/lib\/nsd\/zones\/example\.com\.'/,
    );
    expect(preStart).toContain("copy_key 'transfer' '/etc/transfer.key'");
    expect(value(nsd, "environment.systemPackages")).toEqual(["nsd"]);
    expect(value(nsd, "system.preSwitchChecks.nsd")).toMatch(/nsd-checkzone 'example\.net\.' \/nix\/store/);
  });

  it("a setting of a child that there is not is an error", () => {
    const wrong = nsd.replace('children."example.com.".data', 'children."example.com.".date');
    expect(messageOf(() => stored(wrong, "nsd.conf"))).toContain(
      "'services.nsd.zones.group.children.example.com.' has 'date', which is no option of a zone",
    );
  });
});
