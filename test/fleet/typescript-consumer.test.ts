/** What an editor says in somebody else's project: tsc against the declarations of the built program. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execaSync } from "execa";
import { expect, it, onTestFinished } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Each statement that is wrong is marked; tsc complains about marks where nothing is wrong as well. */
const statements = `
import { defineModule, defineNetwork, defineNetworkModule, mkForce, mkIf, option, text, types as t } from "nixus";

// @ts-expect-error not a string
defineNetwork(() => ({ nodes: { a: { host: 3 } } }));
// @ts-expect-error not a number
defineNetwork(() => ({ nodes: { a: { switchTimeout: mkForce("x") } } }));
// @ts-expect-error no such option
defineNetwork(() => ({ nodes: { a: { hots: "x" } } }));
// @ts-expect-error not a list of strings
defineNetwork(() => ({ nodes: { a: { platform: "linux", configuration: { systemd: { services: { x: { wantedBy: [3] } } } } } } }));
// @ts-expect-error no such option
defineNetwork(() => ({ nodes: { a: { platform: "linux", configuration: { networking: { hostname: "x" } } } } }));
// @ts-expect-error no such value
defineNetwork(({ config }) => ({ nodes: { a: { host: () => config.nodes["b"]!.hots } } }));
// @ts-expect-error tags are strings
defineNetwork(({ config }) => ({ x: config.nodes["a"]!.tags satisfies readonly number[] }));
// @ts-expect-error no default of that type
defineModule({ options: { a: option({ type: t.int, default: "x" }) } });

defineNetwork(({ config }) => ({
  nodes: {
    a: {
      platform: "linux",
      host: () => text\`root@\${config.nodes["b"]!.configuration.networking.hostName!}\`,
      tags: mkForce(() => config.nodes["b"]!.tags),
      configuration: ({ config, nodes, name }) => ({
        networking: { hostName: () => nodes[name]!.networking.hostName },
        systemd: mkIf(() => config.users.users["x"]!.isNormalUser, { services: { x: { script: "true" } } }),
      }),
    },
    // The options of NixOS are not known here.
    b: { configuration: { services: { nginx: { enable: true } } } },
    c: ({ name }) => ({ host: name, configuration: ["./c.nix", { imports: ["./d.ts"] }] }),
  },
}));

const options = { pages: { port: option({ type: t.port, default: 80 }), on: option({ type: t.listOf(t.str) }) } };
defineNetworkModule({
  options,
  config: ({ config }) => ({
    nodes: mkIf(() => config.pages.port > 80, { a: { tags: () => config.pages.on } }),
    pages: { port: 81 },
  }),
});
// @ts-expect-error not a port
defineNetworkModule({ options, config: { pages: { port: "80" } } });

declare module "nixus" {
  interface NetworkOptions {
    readonly pages: typeof options.pages;
  }
}
defineNetwork(({ config }) => ({ nodes: { a: { tags: () => [config.pages.port.toFixed()] } } }));
// @ts-expect-error not a port
defineNetwork(() => ({ pages: { port: true } }));
`;

it("the declarations are usable: the example has no errors, wrong definitions have some", () => {
  const project = mkdtempSync(join(tmpdir(), "nixus-consumer-"));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  mkdirSync(join(project, "node_modules"));
  symlinkSync(root, join(project, "node_modules/nixus"));
  cpSync(join(root, "examples/typescript"), project, { recursive: true });
  cpSync(join(root, "examples/own-module/backups.ts"), join(project, "backups.ts"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "statements.ts"), statements);
  const { stdout } = execaSync({ reject: false, cwd: project })`${join(root, "node_modules/.bin/tsc")} -p .`;
  expect(stdout).toBe("");
}, 120_000);
