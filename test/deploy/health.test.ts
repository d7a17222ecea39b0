/** Health checks: each kind of probe against real servers, and what they do to a deployment. */
import { createSocket, type Socket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import dnsPacket, { type Answer } from "dns-packet";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { deploy } from "../../src/deploy/deploy.ts";
import { runHealthChecks } from "../../src/deploy/health/check.ts";
import { probeDns } from "../../src/deploy/health/dns.ts";
import type { NodeSession } from "../../src/deploy/session.ts";
import { Connection } from "../../src/deploy/ssh/connection.ts";
import { defaultTiming } from "../../src/deploy/steps/switch.ts";
import type { Event } from "../../src/events/event.ts";
import type { HealthCheck, Probe } from "../../src/fleet/settings.ts";
import { machine, says, startsAndWaits } from "./rig/fake-machine.ts";
import { FakeSsh, type SshCall } from "./rig/fake-ssh.ts";
import { trivialNetwork } from "./trivial-system.ts";

let ssh: FakeSsh | undefined;
afterEach(async () => {
  await ssh?.stop();
  ssh = undefined;
});

const check = (probe: Probe, rest: Partial<HealthCheck> = {}): HealthCheck => ({
  ...{ name: "web", retries: 0, interval: 0, timeout: 5, probe, ...rest },
});

/** Runs checks of a node whose machine is behind the fake ssh, if it is asked at all. */
async function run(
  ...checks: HealthCheck[]
): Promise<{ problem: string | undefined; output: string[]; events: Event[] }> {
  const network = trivialNetwork("new", {}, { name: "foo", host: "root@foo", healthChecks: checks });
  const node = network.nodes[0]! as NodeSession["node"];
  const events: Event[] = [];
  const connection = new Connection(
    { destination: node.host, sshOptions: {}, privilegeEscalationCommand: [] },
    "/nonexistent",
  );
  const session = {
    ...{ node, connection },
    report: (event: object) => events.push(event as Event),
  } as unknown as NodeSession;
  const problem = await runHealthChecks(session, new AbortController().signal);
  const output = events.flatMap((event) => (event.type === "output" ? [event.line] : []));
  return { problem, output, events };
}

const portOf = (server: Server | Socket): number => (server.address() as AddressInfo).port;

describe("tcp", () => {
  test("a connection that is accepted, and one that is not", async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const port = portOf(server);
    expect((await run(check({ type: "tcp", host: "127.0.0.1", port }))).problem).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
    expect((await run(check({ type: "tcp", host: "127.0.0.1", port }))).problem).toMatch(
      /^health check 'web' failed: no connection to 127\.0\.0\.1 port \d+: .*ECONNREFUSED/,
    );
  });
});

describe("http", () => {
  test("status and body", async () => {
    const server = createHttpServer((request, response) => {
      response.writeHead(request.url === "/ok" ? 200 : 503);
      response.end(`this is ${request.url}\nand more\n`);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const at = (path: string, rest: { status?: number; body?: string | null } = {}) =>
      run(
        check({
          ...{ type: "http", url: `http://127.0.0.1:${portOf(server)}${path}`, status: 200, body: null },
          ...rest,
        }),
      );
    expect((await at("/ok")).problem).toBeUndefined();
    expect((await at("/ok", { body: "is /o.\n" })).problem).toBeUndefined();
    expect((await at("/bad", { status: 503 })).problem).toBeUndefined();
    expect((await at("/bad")).problem).toContain("answers with status 503 instead of 200");
    const misfit = await at("/ok", { body: "^and" });
    expect(misfit.problem).toContain('does not fit "^and"');
    expect(misfit.output).toContain("web: this is /ok");
  });
});

describe("dns", () => {
  /** A server with these answers over UDP; `lose` of the first questions are not answered. */
  async function server(answers: Answer[], { lose = 0, rcode = 0 } = {}): Promise<number> {
    const socket = createSocket("udp4");
    onTestFinished(() => void socket.close());
    let asked = 0;
    socket.on("message", (message, { port, address }) => {
      asked += 1;
      if (asked <= lose) return;
      socket.send("no packet", port, address);
      const { id, questions } = dnsPacket.decode(message);
      socket.send(
        dnsPacket.encode({ type: "response", id: id!, flags: rcode, questions: questions!, answers }),
        port,
        address,
      );
    });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    return portOf(socket as unknown as Server);
  }
  const ask = (port: number, recordType: string, answers: string[] = []) =>
    run(check({ type: "dns", query: "example.com", recordType, server: "127.0.0.1", port, answers }));
  const name = "example.com";

  test.each<[Answer, string]>([
    [{ type: "A", name, data: "192.0.2.1" }, "192.0.2.1"],
    [{ type: "AAAA", name, data: "2001:db8::1" }, "2001:DB8::1"],
    [{ type: "MX", name, data: { preference: 10, exchange: "mail.example.com" } }, "10 mail.example.com."],
    [{ type: "SRV", name, data: { priority: 1, weight: 2, port: 3, target: "a.b" } }, "1 2 3 a.b"],
    [{ type: "TXT", name, data: ["v=spf1", " -all"] }, "v=spf1 -all"],
    [{ type: "NS", name, data: "ns.example.com" }, "NS.example.com."],
    [{ type: "CAA", name, data: { flags: 0, tag: "issue", value: "ca.example" } }, "0 issue ca.example"],
  ])("%o is %s", async (answer, text) => {
    const port = await server([answer]);
    expect((await ask(port, answer.type)).problem).toBeUndefined();
    expect((await ask(port, answer.type, [text])).problem).toBeUndefined();
    expect((await ask(port, answer.type, ["other"])).problem).toContain("other is not among the answers");
  });

  test("a datagram that is lost is sent again; no records, and errors, are failures", async () => {
    expect(
      (await ask(await server([{ type: "A", name, data: "192.0.2.1" }], { lose: 1 }), "A")).problem,
    ).toBeUndefined();
    expect((await ask(await server([]), "A")).problem).toContain("no such records");
    expect((await ask(await server([], { rcode: 3 }), "A")).problem).toContain("NXDOMAIN");
  });

  test("what is no DNS message over TCP is a failure", async () => {
    const port = await server([], { rcode: dnsPacket.TRUNCATED_RESPONSE });
    const tcp = createServer((socket) => socket.end("\0\x0cno packet...")).listen(port, "127.0.0.1");
    onTestFinished(() => void tcp.close());
    await new Promise((resolve) => tcp.once("listening", resolve));
    expect((await ask(port, "A")).problem).toContain("over TCP is no DNS message");
  });

  test("nobody is asked, and nobody waited for, once the time is up", async () => {
    const port = await server([], { lose: Number.POSITIVE_INFINITY });
    const probe = { type: "dns", query: name, recordType: "A", server: "127.0.0.1", answers: [] } as const;
    const late = { session: {} as NodeSession, timeout: 1, signal: AbortSignal.abort(new Error("late")) };
    await expect(probeDns({ ...probe, port }, late)).rejects.toThrow("late");
  });
});

describe("commands", () => {
  test("here: exit status, output, time", async () => {
    const local = (script: string, rest: Partial<HealthCheck> = {}) =>
      run(check({ type: "localCommand", script }, rest));
    expect((await local('test "$NIXUS_NODE $NIXUS_HOST" = "foo root@foo"')).problem).toBeUndefined();
    const failed = await local("echo this; echo that >&2; exit 3");
    expect(failed).toMatchObject({
      problem: "health check 'web' failed: exit status 3",
      output: ["web: this", "web: that"],
    });
    expect((await local("sleep 60", { timeout: 1 })).problem).toContain("within 1 s");
  });

  test("here: what has become another user's, as sudo does, can't be ended and is not waited for", async () => {
    const kill = vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    });
    onTestFinished(() => kill.mockRestore());
    const { problem } = await run(check({ type: "localCommand", script: "exec sleep 20" }, { timeout: 1 }));
    expect(problem).toContain("within 1 s");
  });

  test("on the machine, over a new connection; a unit that is not active shows its journal", async () => {
    ssh = await FakeSsh.start((call) => {
      expect(call.fresh).toBe(true);
      if (call.script.includes("systemctl is-active")) call.say("unit a.service is failed", "it said this");
      else call.complain("no such file\n");
      call.exit(1);
    });
    expect(await run(check({ type: "unit", unit: "a.service" }))).toMatchObject({
      ...{ problem: "health check 'web' failed: unit a.service is failed", output: ["web: it said this"] },
    });
    expect(await run(check({ type: "command", script: "cat /x" }))).toMatchObject({
      ...{ problem: "health check 'web' failed: exit status 1", output: ["web: no such file"] },
    });
  });

  test("are tried again", async () => {
    let calls = 0;
    ssh = await FakeSsh.start((call) => {
      calls += 1;
      call.exit(calls < 3 ? 1 : 0);
    });
    const { problem, events } = await run(check({ type: "command", script: "x" }, { retries: 5 }));
    expect(problem).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: "health-check", ok: true, tries: 3 });
  });
});

describe("in a deployment", () => {
  const timing = { ...defaultTiming, silence: 60_000, firstRetry: 5, longestRetry: 20, refusedRetry: 20 };
  const deployed = async (script: string, answers: Record<string, (call: SshCall) => void>) => {
    const network = trivialNetwork(
      "new",
      {},
      {
        ...{ name: "foo", host: "foo", successTimeout: 1 },
        healthChecks: [check({ type: "localCommand", script }, { timeout: 20 })],
      },
    );
    ssh = await FakeSsh.start(machine({ start: startsAndWaits, ...answers }));
    const events: Event[] = [];
    const report = await deploy(network, { timing }, (event) => events.push(event));
    return { result: report.nodes[0]!, questions: ssh.questions, events };
  };
  const hold = says("nixus state waiting");

  test("they come between the activation and the word; meanwhile the switcher is held", async () => {
    const confirm = says("nixus result activated ");
    const { result, questions, events } = await deployed("sleep 1", { hold, confirm });
    expect(result.outcome).toBe("activated");
    expect(questions.slice(0, 2)).toEqual(["start", "hold"]);
    expect(questions.at(-1)).toBe("confirm");
    expect(questions.filter((name) => name === "hold").length).toBeGreaterThan(1);
    expect(events.map(({ type }) => type)).toContain("health-check");
  });

  test("one that fails is the end of it", async () => {
    const reject = (call: SshCall) => {
      says(`nixus result rolled-back ${call.question?.slice(2).join(" ")}`)(call);
    };
    const { result, questions } = await deployed("echo down; exit 1", { hold, reject });
    expect(result).toMatchObject({ outcome: "rolled-back", problem: { step: "confirm" } });
    expect(result.output).toContain("web: down");
    expect(questions).not.toContain("confirm");
  });

  test("a machine that can't be reached any more is not asked", async () => {
    const lost = (call: SshCall) => {
      call.complain("ssh: connect to host foo port 22: Connection timed out\n");
      call.exit(255);
    };
    let tries = 0;
    const { result, questions } = await deployed("touch /nonexistent/x", {
      hold: (call) => (++tries < 3 ? lost(call) : says("nixus result rolled-back no confirmation")(call)),
    });
    expect(result).toMatchObject({ outcome: "rolled-back", problem: { message: "no confirmation" } });
    expect(questions).toEqual(["start", "hold", "hold", "hold"]);
    expect(result.output.join()).not.toContain("web:");
  });
});
