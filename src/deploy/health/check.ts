/** Health checks of a node, all at the same time, each tried as often as it says. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HealthCheck, Probe } from "../../fleet/settings.ts";
import type { NodeSession } from "../session.ts";
import { probeCommand, probeLocalCommand, probeUnit } from "./commands.ts";
import { probeDns } from "./dns.ts";
import { probeHttp, probeTcp } from "./network.ts";
import { type Finding, reason, type Try, wrong } from "./probe.ts";

/** Resolves with what is wrong, or with undefined when all are well. What failed checks say is reported as output. */
export async function runHealthChecks(
  session: NodeSession,
  signal: AbortSignal,
): Promise<string | undefined> {
  const problems = await Promise.all(
    session.node.healthChecks.map((check) => runHealthCheck(session, check, signal)),
  );
  const found = problems.filter((problem) => problem !== undefined);
  return found.length === 0 ? undefined : found.join("; ");
}

async function runHealthCheck(
  session: NodeSession,
  check: HealthCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  let finding: Finding = { ok: true };
  let tries = 0;
  while (tries <= check.retries) {
    if (tries > 0) await sleep(check.interval * 1000, undefined, { signal });
    tries += 1;
    finding = await attempt(session, check, signal);
    signal.throwIfAborted();
    if (finding.ok) break;
  }
  const { name } = check;
  if (finding.ok) {
    session.report({ type: "health-check", check: name, ok: true, tries, problem: null });
    return undefined;
  }
  for (const line of finding.output)
    session.report({ type: "output", step: "confirm", line: `${name}: ${line}` });
  session.report({ type: "health-check", check: name, ok: false, tries, problem: finding.problem });
  return `health check '${name}' failed: ${finding.problem}`;
}

async function attempt(session: NodeSession, check: HealthCheck, signal: AbortSignal): Promise<Finding> {
  const time = AbortSignal.timeout(check.timeout * 1000);
  try {
    return await probe(check.probe, {
      ...{ session, timeout: check.timeout },
      signal: AbortSignal.any([signal, time]),
    });
  } catch (error) {
    return wrong(time.aborted ? `no answer within ${check.timeout} s` : reason(error));
  }
}

async function probe(what: Probe, one: Try): Promise<Finding> {
  switch (what.type) {
    case "unit":
      return await probeUnit(what.unit, one);
    case "command":
      return await probeCommand(what.script, one);
    case "localCommand":
      return await probeLocalCommand(what.script, one);
    case "tcp":
      return await probeTcp(what, one);
    case "http":
      return await probeHttp(what, one);
    case "dns":
      return await probeDns(what, one);
  }
}
