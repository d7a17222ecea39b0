/** Networks in TypeScript: what a network file and network modules may say, typed by the option declarations. */
import type { assertionsModule } from "../../modules/assertions.ts";
import type {
  Definable,
  DefinitionsOf,
  OpenConfigOf,
  OpenDefinitionsOf,
  OptionsOf,
  SubmoduleDefinition,
} from "../../modules/definable.ts";
import {
  type ConfigOf,
  type ModuleArgs,
  type ModuleDefinition,
  NativeModule,
  type Option,
  type OptionTree,
  type UntypedDefinition,
} from "../../modules/define.ts";
import type { ModuleFunction } from "../../modules/module.ts";
import { ScriptModule } from "../../modules/script-module.ts";
import { callerFile } from "../../modules/script-position.ts";
import { fromText } from "../../store/bytes.ts";
import type { DnsOptions } from "../modules/dns/options.ts";
import type { MinecraftOptions } from "../modules/minecraft/options.ts";
import type { PublicOptions } from "../modules/public-ip/options.ts";
import type { RtcwakeOptions } from "../modules/rtcwake/options.ts";
import type { NetworkSecretsOptions } from "../modules/secrets/module.ts";
import type { SshOptions } from "../modules/ssh/options.ts";
import type { VpnOptions } from "../modules/vpn/options.ts";
import type { LinuxOptions } from "../platforms/linux/options/index.ts";
import type { nodeOptions } from "./node-options.ts";

/** What the configuration of a node of the `linux` platform has: its platform's options and those of our modules. */
type LinuxConfigurationOptions = LinuxOptions & PublicOptions;

/** The final configuration of a machine. Options that only NixOS has are there as well, of unknown type. */
export type NodeConfiguration = OpenConfigOf<LinuxConfigurationOptions>;

/** What a function that gives a part of a machine's configuration is called with. */
export interface ConfigurationArgs extends ModuleArgs<NodeConfiguration> {
  /** The final configuration of every node, by name. */
  readonly nodes: Readonly<Record<string, NodeConfiguration>>;
}

/** A path (absolute, or relative to the file that says it), definitions, a function that gives them, or a list. */
type ConfigurationOf<Definitions> =
  | string
  | SubmoduleDefinition<Definitions, ConfigurationArgs>
  | readonly ConfigurationOf<Definitions>[];

/** Configuration of a node of the `linux` platform. */
export type LinuxConfiguration = ConfigurationOf<DefinitionsOf<LinuxConfigurationOptions>>;

/** Configuration of a NixOS node: its options are those of the node's nixpkgs, which are not known here. */
export type NixosConfiguration = ConfigurationOf<Readonly<Record<string, unknown>>>;

type NodeTree = OptionsOf<typeof nodeOptions>;
type NodeSettings = Omit<DefinitionsOf<NodeTree>, "platform">;

/** A node that says itself that it is of the `linux` platform: its configuration is checked in the editor. */
export interface LinuxNodeDefinitions extends NodeSettings {
  readonly platform: "linux";
  readonly configuration?: LinuxConfiguration | undefined;
}

/** A NixOS node, or one whose platform is said elsewhere. */
export interface NixosNodeDefinitions extends NodeSettings {
  readonly platform?: Exclude<Definable<"nixos" | "linux">, string> | "nixos" | undefined;
  readonly configuration?: NixosConfiguration | undefined;
}

/** `nodes.<name>` and `defaults`. */
export type NodeDefinition = SubmoduleDefinition<
  LinuxNodeDefinitions | NixosNodeDefinitions,
  ModuleArgs<NodeConfig>
>;

/** What reads as `nodes.<name>`. */
export type NodeConfig = ConfigOf<NodeTree> & { readonly configuration: NodeConfiguration };

/**
 * The options of a network. A package of network modules adds the types of its own, of which `options` is what it
 * declares:
 *
 * ```ts
 * declare module "nixus" {
 *   interface NetworkOptions {
 *     readonly minecraft: typeof options.minecraft;
 *   }
 * }
 * ```
 */
export interface NetworkOptions
  extends OptionsOf<typeof assertionsModule>,
    DnsOptions,
    MinecraftOptions,
    NetworkSecretsOptions,
    RtcwakeOptions,
    SshOptions,
    VpnOptions {
  readonly nodes: Option<
    Readonly<Record<string, NodeConfig>>,
    Definable<Readonly<Record<string, NodeDefinition>>>
  >;
  readonly defaults: Option<unknown, NodeDefinition>;
}

/** The final values of a network's options. Those of modules that have no types are there as well. */
export type NetworkConfig = OpenConfigOf<NetworkOptions>;

/** A network module as it is written in the Nix language: definitions, or a function that gives them. */
export type NetworkDefinition = SubmoduleDefinition<
  OpenDefinitionsOf<NetworkOptions>,
  ModuleArgs<NetworkConfig>
>;

/**
 * A network, or a network module without types for its own options: the default export of `nixus.config.ts`.
 *
 * ```ts
 * export default defineNetwork(({ config }) => ({
 *   imports: ["./backups.nix"],
 *   nodes: { foo: { host: "root@foo.example.com", configuration: "./configuration.nix" } },
 * }));
 * ```
 */
export function defineNetwork(
  definition: (args: ModuleArgs<NetworkConfig>) => NetworkDefinition,
): ScriptModule {
  return new ScriptModule(definition as ModuleFunction | object, fromText(callerFile(defineNetwork)));
}

/** A network module that declares options: {@link defineModule} with the types of the network's options. */
export function defineNetworkModule<const Tree extends OptionTree = Record<never, never>>(
  definition: ModuleDefinition<
    Tree,
    NetworkConfig & ConfigOf<NoInfer<Tree>>,
    DefinitionsOf<NetworkOptions> & OpenDefinitionsOf<NoInfer<Tree>>
  >,
): NativeModule<Tree> {
  return new NativeModule<Tree>(
    definition as UntypedDefinition,
    definition.file ?? callerFile(defineNetworkModule),
  );
}
