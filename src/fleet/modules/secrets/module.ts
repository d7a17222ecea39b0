/** `secrets.<name>` of a network: a secret of several nodes, each of which has it among its `secrets.files`. */
import { type ConfigOf, defineModule, mkDefault, mkIf, option } from "../../../modules/define.ts";
import { nearest } from "../../../modules/nearest.ts";
import { t } from "../../../modules/types/index.ts";
import { defineNetworkModule } from "../../network/define.ts";
import { placeOptions, secretSources, sharedSecretOptions } from "./options.ts";
import { secretFilesType } from "./resolve.ts";

const file = import.meta.url;

const networkSecretsOptions = {
  secrets: option({
    type: t.attrsOf(t.submodule({ file, options: sharedSecretOptions })),
    default: {},
    description:
      "Secrets that several nodes have. On each of `nodes` it is `secrets.files.<name>`, where anything but the source can be set differently.",
  }),
} as const;

export type NetworkSecretsOptions = typeof networkSecretsOptions;

/** `secrets.files` of a machine of the `linux` platform. */
export const secretFilesOptions = defineModule({
  file,
  options: {
    secrets: {
      files: option({
        type: secretFilesType((loc) => loc[1] ?? ""),
        default: {},
        description:
          "Files on the machine whose contents are in no store and no configuration (docs/reference/secrets.md).",
      }),
    },
  },
});

export const secretsModule = defineNetworkModule({
  file,
  key: "nixus/secrets",
  options: networkSecretsOptions,
  config: ({ config: network }) => {
    let known: ReadonlyMap<string, readonly string[]> | undefined;
    const namesOf = (node: string): readonly string[] => {
      known ??= byNode(network.secrets);
      return known.get(node) ?? [];
    };
    return {
      assertions: () =>
        unknownNodes(network.secrets, Object.keys(network.nodes)).map((message) => ({
          assertion: false,
          message,
        })),
      defaults: {
        configuration: ({ name: node }) => ({
          secrets: {
            files: mkIf(
              () => namesOf(node).length > 0,
              () =>
                Object.fromEntries(
                  namesOf(node).map((name) => [name, sharedDefinitions(name, () => network.secrets[name]!)]),
                ),
            ),
          },
        }),
      },
    };
  },
});

/** On each node: the source is the network's, all else gives way to what the node says. */
function sharedDefinitions(name: string, secret: () => ConfigOf<typeof sharedSecretOptions>) {
  const places = Object.keys(placeOptions) as (keyof typeof placeOptions)[];
  return {
    ...Object.fromEntries(secretSources.map((key) => [key, () => secret()[key]])),
    file: () => secret().file?.path ?? null,
    ...Object.fromEntries(places.map((key) => [key, mkDefault(() => secret()[key])])),
    shared: name,
  };
}

type Shared = Readonly<Record<string, { readonly nodes: readonly string[] }>>;

function byNode(secrets: Shared): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, { nodes }] of Object.entries(secrets)) {
    for (const node of new Set(nodes)) found.set(node, [...(found.get(node) ?? []), name]);
  }
  return found;
}

function unknownNodes(secrets: Shared, known: readonly string[]): string[] {
  return Object.entries(secrets).flatMap(([name, { nodes }]) =>
    nodes
      .filter((node) => !known.includes(node))
      .map((node) => {
        const [near] = nearest(node, known);
        const hint = near === undefined ? `it has: ${known.join(", ") || "none"}` : `did you mean '${near}'?`;
        return `'secrets.${name}.nodes' names '${node}', which the network does not have; ${hint}`;
      }),
  );
}
