/** `nodes.<name>.healthChecks`. */
import { NixError } from "../../lang/eval/errors.ts";
import { force, type Slot } from "../../lang/eval/value.ts";
import { option } from "../../modules/define.ts";
import { t } from "../../modules/types/index.ts";
import { toText } from "../../store/bytes.ts";
import type { Reader } from "../reader.ts";
import type { HealthCheck, Probe } from "../settings.ts";

const recordTypes = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;

const tcp = t.submodule({
  options: {
    host: option({
      type: t.nullOr(t.str),
      default: null,
      description: "Name or address to connect to. null: that of the node's SSH destination.",
    }),
    port: option({ type: t.port, description: "The port." }),
  },
});

const http = t.submodule({
  options: {
    url: option({
      type: t.strMatching("https?://.+"),
      example: "https://www.example.com/health",
      description: "What is asked for, by the deploying machine. Redirections are not followed.",
    }),
    status: option({ type: t.ints.between(100, 599), default: 200, description: "The status that is good." }),
    body: option({
      type: t.nullOr(t.str),
      default: null,
      description: "A regular expression (of JavaScript) that the body has to fit somewhere.",
    }),
  },
});

const dns = t.submodule({
  options: {
    query: option({ type: t.str, example: "www.example.com", description: "The name that is asked for." }),
    type: option({ type: t.enum(recordTypes), default: "A", description: "The type of its records." }),
    server: option({
      type: t.nullOr(t.str),
      default: null,
      description: "Who is asked. null: the host of the node's SSH destination.",
    }),
    port: option({ type: t.port, default: 53, description: "The server's port (UDP)." }),
    answers: option({
      type: t.listOf(t.str),
      default: [],
      example: ["192.0.2.7"],
      description: "What has to be among the answers. Nothing: any answer will do.",
    }),
  },
});

const optional = <T, D>(type: Parameters<typeof t.nullOr<T, D>>[0], description: string, example?: unknown) =>
  option({ type: t.nullOr(type), default: null, description, ...(example === undefined ? {} : { example }) });

/** The kinds of checks; each check has one of them. */
const kinds = {
  unit: optional(t.str, "This unit is active.", "nginx.service"),
  command: optional(t.lines, "This POSIX shell script exits with 0 on the machine, as root."),
  localCommand: optional(
    t.lines,
    "This POSIX shell script exits with 0 on the deploying machine; it finds the node's name in `NIXUS_NODE` and its SSH destination in `NIXUS_HOST`.",
  ),
  tcp: optional(tcp, "A TCP connection from the deploying machine is accepted.", { port: 25 }),
  http: optional(http, "An HTTP or HTTPS server gives the right answer to the deploying machine."),
  dns: optional(dns, "A DNS server gives an answer to the deploying machine."),
};

export const healthChecksOption = option({
  type: t.attrsOf(
    t.submodule({
      options: {
        ...kinds,
        retries: option({
          type: t.ints.unsigned,
          default: 3,
          description: "How often a check that failed is tried again before it counts.",
        }),
        interval: option({
          type: t.ints.unsigned,
          default: 1,
          description: "Seconds between two tries.",
        }),
        timeout: option({ type: t.ints.positive, default: 5, description: "Seconds that a try may take." }),
      },
    }),
  ),
  default: {},
  example: { web: { http: { url: "https://www.example.com/" } } },
  description:
    "What is looked at after the activation, over a new connection, before the deployment is confirmed. Each check has exactly one of " +
    `${Object.keys(kinds)
      .map((kind) => `\`${kind}\``)
      .join(", ")}. One that fails rolls back.`,
});

/** The checks of a node, by name. `path` is the option's, for messages. */
export function readHealthChecks(reader: Reader, checks: Slot, path: string): HealthCheck[] {
  return reader.entries(checks, (name, check) => ({
    name: toText(name),
    probe: readProbe(reader, check, `${path}.${name}`),
    retries: reader.integer(reader.at(reader.attrs(check), "retries")),
    interval: reader.integer(reader.at(reader.attrs(check), "interval")),
    timeout: reader.integer(reader.at(reader.attrs(check), "timeout")),
  }));
}

function readProbe(reader: Reader, check: Slot, path: string): Probe {
  const attrs = reader.attrs(check);
  const set = (Object.keys(kinds) as (keyof typeof kinds)[]).filter(
    (kind) => force(reader.at(attrs, kind)) !== null,
  );
  const [kind] = set;
  if (kind === undefined || set.length > 1) {
    const what = kind === undefined ? "says nothing to look at" : `is several checks (${set.join(", ")})`;
    throw new NixError(
      "module",
      `the health check '${path}' ${what}; define exactly one of ${Object.keys(kinds).join(", ")}`,
    );
  }
  const value = reader.at(attrs, kind);
  const plain = (slot: Slot, name: string) => toText(reader.plain(slot, `${path}.${kind}${name}`));
  const text = (name: string) => plain(reader.at(reader.attrs(value), name), `.${name}`);
  const textOrNull = (name: string) =>
    reader.nullOr(reader.at(reader.attrs(value), name), (slot) => plain(slot, `.${name}`));
  const integer = (name: string) => reader.integer(reader.at(reader.attrs(value), name));
  switch (kind) {
    case "unit":
      return { type: kind, unit: plain(value, "") };
    case "command":
    case "localCommand":
      return { type: kind, script: plain(value, "") };
    case "tcp":
      return { type: kind, host: textOrNull("host"), port: integer("port") };
    case "http": {
      const body = textOrNull("body");
      checkExpression(body, `${path}.http.body`);
      return { type: kind, url: text("url"), status: integer("status"), body };
    }
    case "dns":
      return {
        type: kind,
        query: text("query"),
        recordType: text("type"),
        server: textOrNull("server"),
        port: integer("port"),
        answers: reader
          .strings(reader.at(reader.attrs(value), "answers"), `${path}.dns.answers`)
          .map((answer) => toText(answer)),
      };
  }
}

function checkExpression(source: string | null, path: string): void {
  if (source === null) return;
  try {
    new RegExp(source, "u");
  } catch (cause) {
    throw new NixError("module", `'${path}' is no regular expression: ${(cause as Error).message}`, {
      cause,
    });
  }
}
