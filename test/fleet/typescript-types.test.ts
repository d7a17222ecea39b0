/** Types that follow from option declarations; `tsc --noEmit` checks them. */
import { expect, expectTypeOf, it } from "vitest";
import {
  type Definable,
  type DefinitionsOf,
  defineModule,
  defineNetwork,
  type Infer,
  type InferDefinition,
  type NetworkConfig,
  type NodeConfiguration,
  option,
  type StoreString,
  types as t,
} from "../../src/index.ts";

const module = defineModule({
  options: {
    port: option({ type: t.port, default: 80 }),
    name: option({ type: t.nullOr(t.str), apply: (name) => name?.length ?? 0 }),
    mode: option({ type: t.enum(["a", "b"]) }),
    hosts: option({ type: t.attrsOf(t.submodule({ options: { up: option({ type: t.bool }) } })) }),
    any: option({}),
  },
});
type Tree = typeof module extends { declares?: infer T } ? NonNullable<T> : never;
type Definitions = DefinitionsOf<Tree>;

it("what is read", () => {
  expectTypeOf<NetworkConfig["nodes"][string]["host"]>().toEqualTypeOf<string | null>();
  expectTypeOf<NetworkConfig["nodes"][string]["platform"]>().toEqualTypeOf<"nixos" | "linux">();
  expectTypeOf<NetworkConfig["somebody else's"]>().toEqualTypeOf<unknown>();
  expectTypeOf<NodeConfiguration["systemd"]["services"][string]["wantedBy"]>().toEqualTypeOf<
    readonly string[]
  >();
  const listed = t.listOf(t.either(t.int, t.bool));
  expectTypeOf<Infer<typeof listed>>().toEqualTypeOf<readonly (number | boolean)[]>();
});

it("what may be defined", () => {
  expectTypeOf<InferDefinition<typeof t.str>>().toEqualTypeOf<Definable<string | StoreString>>();
  expectTypeOf<() => number>().toExtend<Definitions["port"]>();
  expectTypeOf<string>().not.toExtend<Definitions["port"]>();
  expectTypeOf<() => null>().toExtend<Definitions["name"]>();
  expectTypeOf<"c">().not.toExtend<Definitions["mode"]>();
  expectTypeOf<{ x: { up: true }; y: (args: { name: string }) => { up: () => boolean } }>().toExtend<
    Definitions["hosts"]
  >();
  expectTypeOf<{ x: { up: 1 } }>().not.toExtend<Definitions["hosts"]>();
  expectTypeOf<Date>().toExtend<Definitions["any"]>();
});

it("a module knows the file that makes it", () => {
  expect(module.file).toBe(import.meta.filename);
});

it("a mistake is marked where it is, also in a network that is a function", () => {
  defineNetwork(({ config }) => ({
    nodes: { foo: { host: "x", tags: () => [config.nodes["a"]!.host ?? ""] } },
    ssh: {
      access: {
        foo: {
          keys: {
            alice: {
              // @ts-expect-error not a boolean
              hasAccessTo: { bar: { bob: 1 } },
            },
          },
        },
      },
    },
  }));
});
