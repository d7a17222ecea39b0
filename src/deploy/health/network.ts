/** Health checks over the network, from here. */
import * as http from "node:http";
import * as https from "node:https";
import { connect } from "node:net";
import type { Probe } from "../../fleet/settings.ts";
import { type Finding, fine, reason, type Try, wrong } from "./probe.ts";

type ProbeOf<T extends Probe["type"]> = Extract<Probe, { readonly type: T }>;

/** So much of a body is read, and so many lines of it are shown. */
const bodyLimit = 1024 * 1024;
const shownLines = 10;

export async function probeTcp({ host, port }: ProbeOf<"tcp">, attempt: Try): Promise<Finding> {
  const target = host ?? (await attempt.session.connection.hostname());
  return await new Promise((resolve) => {
    const socket = connect({ host: target, port, signal: attempt.signal });
    socket.once("connect", () => {
      socket.destroy();
      resolve(fine);
    });
    socket.once("error", (error) =>
      resolve(wrong(`no connection to ${target} port ${port}: ${reason(error)}`)),
    );
  });
}

export async function probeHttp(probe: ProbeOf<"http">, attempt: Try): Promise<Finding> {
  const { status, body } = await request(probe.url, attempt.signal);
  const shown = body.split("\n").slice(0, shownLines);
  if (status !== probe.status)
    return wrong(`${probe.url} answers with status ${status} instead of ${probe.status}`, shown);
  if (probe.body !== null && !new RegExp(probe.body, "u").test(body)) {
    return wrong(`the body of ${probe.url} does not fit ${JSON.stringify(probe.body)}`, shown);
  }
  return fine;
}

async function request(url: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
  const { get } = url.startsWith("https:") ? https : http;
  return await new Promise((resolve, reject) => {
    const sent = get(url, { signal, agent: false, headers: { "user-agent": "nixus" } }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      const finish = () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString("utf8") });
      response.on("data", (part: Buffer) => {
        parts.push(part);
        size += part.length;
        if (size < bodyLimit) return;
        finish();
        response.destroy();
      });
      response.on("end", finish);
      response.on("error", reject);
    });
    sent.on("error", reject);
  });
}
