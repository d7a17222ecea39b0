/** `rtcwake` and `minecraft`: what sleeps until somebody needs it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, type Machine } from "./lib/index.ts";
import { activated, Deployer } from "./nixus.ts";

let lab: Lab;
let desktop: Machine;
let router: Machine;
let deployer: Deployer;

/** A container cannot sleep: this writes down how it was asked to. */
const recorder = '#!/bin/sh\necho "$*" >>/run/asked-to-sleep\nsleep 0.2\n';

/** Greets with how often it was started, and echoes. */
const gameServer = `#!/usr/bin/perl
use strict; use IO::Socket::INET;
sub lines { open(my $file, "<", $_[0]) or return (); return <$file>; }
my ($starts) = lines("starts"); $starts++;
open(my $out, ">", "starts") or die $!; print $out $starts; close $out;
my ($port) = map { /^server-port=(\\d+)/ } lines("server.properties");
$SIG{CHLD} = "IGNORE"; $SIG{TERM} = sub { exit 143 };
my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 5, ReuseAddr => 1) or die $!;
while (1) {
  my $player = $listen->accept or next;
  next if fork;
  $player->autoflush(1);
  print $player "start $starts\\n";
  while (my $line = <$player>) { print $player $line; }
  exit 0;
}
`;

beforeAll(async () => {
  lab = await Lab.start({
    machines: [
      {
        name: "desktop.example.com",
        image: "debian-services",
        files: {
          "/usr/local/sbin/rtcwake": { text: recorder, mode: 0o755 },
          "/usr/local/bin/game-server": { text: gameServer, mode: 0o755 },
        },
      },
      { name: "router.example.com", image: "debian-services" },
    ],
  });
  desktop = lab.machine("desktop.example.com");
  router = lab.machine("router.example.com");
  deployer = new Deployer(lab);
});
afterAll(() => lab?.stop());

const network = (more = "", sleepWhileLoggedIn = false) => `{
  defaults = { name, ... }: {
    platform = "linux";
    host = "root@\${name}.example.com";
    configuration.networking.firewall.enable = true;
  };
  nodes.desktop.configuration.networking.public.ipv4 = "${desktop.address}";
  nodes.router.configuration.networking.public.ipv4 = "${router.address}";
  rtcwake = {
    server.node = "router";
    machines.desktop = { interval = 77; awakeTime = 1; retryInterval = 1; condition = "[ ! -e /run/busy ]"; sleepWhileLoggedIn = ${sleepWhileLoggedIn}; };
  };
  minecraft.servers.world = {
    node = "desktop"; domain = "play.example.net"; port = 4000; idleTime = 2; command = "/usr/local/bin/game-server";
    serverProperties.motd = "hello";
  };
  dns.zones."example.net" = { primaryNode = "router"; soa.email = "hostmaster@example.net"; };
  dns.servers.router.name = "ns.example.net.";
  imports = [ { ${more} } ];
}`;

test("both are deployed at once", async () => {
  const result = await deployer.deploy(network());
  expect(result.stdout.split(activated)).toHaveLength(3);
  expect(result.exitCode).toBe(0);
});

describe("a machine that may sleep", () => {
  const naps = async () => (await desktop.readFile("/run/asked-to-sleep")).trim().split("\n");
  /** It has gone to sleep after now. */
  const sleeps = async () => {
    const before = (await naps()).length;
    await desktop.exec(`until [ "$(wc -l </run/asked-to-sleep)" -gt ${before} ]; do sleep 0.1; done`);
  };
  /** It has said why it stays awake, after now. */
  const staysAwake = async (because: string, after: () => Promise<unknown>) => {
    const now = (await desktop.exec("date +%s")).stdout.trim();
    await after();
    await desktop.exec(
      `until journalctl -u nixus-rtcwake --since @${now} | grep -q 'staying awake: ${because}'; do sleep 0.1; done`,
    );
    const before = (await naps()).length;
    await desktop.exec("sleep 2.5");
    expect((await naps()).length).toBe(before);
  };

  test("sleeps for its interval, and again", async () => {
    await desktop.exec("until [ -s /run/asked-to-sleep ]; do sleep 0.1; done");
    await sleeps();
    expect(new Set(await naps())).toEqual(new Set(["-m mem -s 77"]));
  });

  test("stays awake when somebody wants it to, by the page or the command", async () => {
    const page = `http://${router.address}:8423`;
    await staysAwake("the server says so", async () => {
      const answer = await desktop.exec(
        `curl -s -L -w '%{http_code}' -d minutes=60 ${page}/machines/desktop`,
      );
      expect(answer.stdout).toContain("desktop");
    });
    expect((await desktop.exec(`curl -s ${page}/`)).stdout).toContain("awake for 60 more minutes");
    expect((await router.exec("/etc/nixus/stay-awake desktop 0")).stdout).toContain("for 0 minutes");
    await sleeps();
    await staysAwake("the server says so", () => router.exec("/etc/nixus/stay-awake desktop"));
    await router.exec("/etc/nixus/stay-awake desktop 0");
    expect((await router.exec("/etc/nixus/stay-awake nobody", { check: false })).exitCode).toBe(1);
    await sleeps();
  });

  test("stays awake when it cannot ask, is busy, or is deployed", async () => {
    await staysAwake("the server does not answer", () =>
      router.exec("systemctl stop nixus-rtcwake-server.socket"),
    );
    await router.exec("systemctl start nixus-rtcwake-server.socket");
    await sleeps();
    await staysAwake("of rtcwake", () => desktop.exec("touch /run/busy"));
    await desktop.exec("rm /run/busy");
    await sleeps();
    const slow = network(`nodes.desktop.configuration.system.activationScripts.slow = "sleep 8";`);
    const deployment = deployer.spawn(["deploy", "-f", deployer.file(slow), "desktop"]);
    await staysAwake("it is being deployed", async () => {});
    expect(await deployment.done).toMatchObject({ exitCode: 0 });
    await sleeps();
  });

  test("stays awake while somebody is logged in, unless it need not; a login screen is nobody", async () => {
    // What pam_systemd asks of logind when somebody logs in.
    const logIn = async (sessionClass: string) => {
      await desktop.exec(`systemd-run --quiet --unit=login-${sessionClass} sleep infinity
        busctl call --quiet org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager CreateSession \
          'uusssssussbssa(sv)' 0 "$(systemctl show -P MainPID login-${sessionClass})" test tty ${sessionClass} '' '' 0 '' '' false '' '' 0`);
      expect((await desktop.exec("loginctl list-sessions --no-legend")).stdout).toContain("root");
    };
    await logIn("greeter");
    await sleeps();
    await staysAwake("somebody is logged in", () => logIn("user"));
    expect((await deployer.deploy(network("", true), "desktop")).exitCode).toBe(0);
    await sleeps();
  });
});

describe("a game server", () => {
  const state = async (unit: string) =>
    (await desktop.exec(`systemctl is-active ${unit}`, { check: false })).stdout.trim();
  const whileRunning = "systemctl is-active --quiet minecraft-world.service";
  const greeting = async () =>
    (
      await router.exec(
        `timeout 20 bash -c 'exec 3<>/dev/tcp/${desktop.address}/4000; read -r line <&3; echo "$line"'`,
      )
    ).stdout;

  test("is found by its records", async () => {
    const ask = async (name: string, type: string) =>
      (await desktop.exec(`dig @${router.address} +short ${name} ${type}`)).stdout;
    expect(await ask("_minecraft._tcp.play.example.net", "SRV")).toBe("0 5 4000 play.example.net.\n");
    expect(await ask("play.example.net", "A")).toBe(`${desktop.address}\n`);
  });

  test("starts with the first player and stops when it is idle", async () => {
    expect(await state("minecraft-world.service")).toBe("inactive");
    expect(await state("minecraft-world.socket")).toBe("active");
    expect(await greeting()).toBe("start 1\n");
    await desktop.exec(`while ${whileRunning}; do sleep 0.1; done`);
    expect(await state("minecraft-world.service")).toBe("inactive");
    expect(await greeting()).toBe("start 2\n");
    expect(await state("minecraft-world.service")).toBe("active");
    expect((await desktop.exec("cat /var/lib/minecraft-world/server.properties")).stdout).toBe(
      "motd=hello\nserver-port=25566\nserver-ip=127.0.0.1\n",
    );
  });

  test("runs on while somebody plays", async () => {
    await router.exec(
      `systemd-run --quiet --unit=player bash -c 'exec 3<>/dev/tcp/${desktop.address}/4000; read -r line <&3; sleep infinity'`,
    );
    await desktop.exec(`until ${whileRunning}; do sleep 0.1; done; sleep 4`);
    expect(await state("minecraft-world.service")).toBe("active");
    await router.exec("systemctl stop player");
    await desktop.exec(`while ${whileRunning}; do sleep 0.1; done`);
    expect(await state("minecraft-world.socket")).toBe("active");
  });
});

test("nothing of them is left when they are no longer wanted", async () => {
  const none = `{ defaults = { name, ... }: { platform = "linux"; host = "root@\${name}.example.com"; }; nodes.desktop = { }; nodes.router = { }; }`;
  expect((await deployer.deploy(none)).exitCode).toBe(0);
  for (const machine of [desktop, router]) {
    const { stdout } = await machine.exec(
      "ls -d /etc/nixus 2>/dev/null; systemctl list-units --all --plain --no-legend 'nixus-rtcwake*' 'minecraft-*' 'nixus-firewall*' | grep -v not-found || true",
    );
    expect(stdout).toBe("");
  }
});
