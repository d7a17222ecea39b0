import { buildCommand, buildRouteMap } from "@stricli/core";
import { checkDns, isInOrder } from "../../deploy/dns/check.ts";
import type { PublishedZone } from "../../fleet/modules/dns/published.ts";
import { nearest } from "../../modules/nearest.ts";
import type { Context } from "../context.ts";
import { UserError } from "../errors.ts";
import { evaluate, evaluationOptions } from "../evaluation/client.ts";
import { findNetworkFile } from "../network-file.ts";
import { renderDnsChecks } from "../render/dns.ts";
import * as text from "../text.ts";
import { evalCacheFlag, fileFlag, jsonFlag, showTraceFlag } from "./flags.ts";

interface Flags {
  readonly file?: string;
  readonly evalCache: boolean;
  readonly json: boolean;
  readonly showTrace: boolean;
}

const checkCommand = buildCommand<Flags, string[], Context>({
  async func(flags, ...names) {
    const { stdout } = this.process;
    const { text: published } = await evaluate(
      {
        kind: "value",
        file: findNetworkFile(flags.file, this.process.cwd()),
        path: "dns.published",
        format: "json",
      },
      evaluationOptions(this.process, flags),
    );
    const zones = chosen(JSON.parse(published) as PublishedZone[], names);
    const checks = await checkDns(zones);
    stdout.write(flags.json ? `${JSON.stringify(checks, null, 2)}\n` : `${renderDnsChecks(checks)}\n`);
    if (!isInOrder(checks)) this.process.exitCode = 1;
  },
  parameters: {
    flags: {
      file: fileFlag,
      evalCache: evalCacheFlag,
      json: jsonFlag,
      showTrace: showTraceFlag,
    },
    aliases: { f: "file" },
    positional: {
      kind: "array",
      parameter: { brief: text.dns.zones, parse: String, placeholder: "zone" },
    },
  },
  docs: { brief: text.dns.check, customUsage: ["[ZONE...]"] },
});

/** The final dot may be left out. */
function chosen(zones: readonly PublishedZone[], names: readonly string[]): readonly PublishedZone[] {
  const known = zones.map(({ name }) => name);
  if (zones.length === 0)
    throw new UserError(
      "the network has no zones; set 'dns.zones.<name>.primaryNode' for those that its servers have",
    );
  if (names.length === 0) return zones;
  const wanted = names.map((name) => `${name.replace(/\.$/, "")}.`.toLowerCase());
  for (const name of wanted) {
    if (known.some((zone) => zone.toLowerCase() === name)) continue;
    const [near] = nearest(name, known);
    const hint = near === undefined ? `it has: ${known.join(", ")}` : `did you mean '${near}'?`;
    throw new UserError(`the network has no zone '${name}'; ${hint}`);
  }
  return zones.filter(({ name }) => wanted.includes(name.toLowerCase()));
}

export const dnsRoutes = buildRouteMap({
  routes: { check: checkCommand },
  docs: { brief: text.dns.brief },
});
