// A network module with an option of its own, which configures every machine that it names.
import { defineNetworkModule, option, types as t } from "nixus";

const machine = t.submodule({
  options: {
    address: option({ type: t.str, description: "IP address under which the others reach it." }),
    greeting: option({ type: t.str, default: "Hello", description: "First word of its page." }),
  },
});

export default defineNetworkModule({
  options: {
    hello: option({
      type: t.attrsOf(machine),
      default: {},
      description: "Machines, by name, each of which serves a page and knows the others by name.",
    }),
  },
  config: ({ config }) => ({
    // Which nodes there are depends on `config', so it is computed later: `() => ...'.
    nodes: () =>
      Object.fromEntries(
        Object.entries(config.hello).map(([name, { greeting }]) => [
          name,
          {
            platform: "linux" as const,
            configuration: {
              networking: { hosts: () => hosts(config.hello) },
              environment: {
                etc: { "hello/index.html": { text: `${greeting} from ${name}!\n` } },
              },
              systemd: {
                services: {
                  hello: {
                    description: "Says hello over HTTP",
                    wantedBy: ["multi-user.target"],
                    serviceConfig: {
                      ExecStart: "/usr/bin/busybox httpd -f -p 80 -h /etc/hello",
                      Restart: "on-failure",
                    },
                  },
                },
              },
            },
          },
        ]),
      ),
  }),
});

/** Lines of /etc/hosts: names by address. */
function hosts(machines: Readonly<Record<string, { readonly address: string }>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(machines).map(([name, { address }]) => [address, [name]]));
}
