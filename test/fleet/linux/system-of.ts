/** What a configuration of the linux platform describes. */
import { readLinuxSystem } from "../../../src/fleet/platforms/linux/read/config.ts";
import type { LinuxSystem } from "../../../src/fleet/platforms/linux/system.ts";
import { Reader } from "../../../src/fleet/reader.ts";
import { networkOf, optionValue } from "../network-of.ts";

const network = (configuration: string) => `{
  nodes.a = { platform = "linux"; configuration = { lib, ... }: { ${configuration} }; };
}`;

/** The system; or the value of one option, as JSON. */
export function systemOf(configuration: string): LinuxSystem;
export function systemOf(configuration: string, option: string): unknown;
export function systemOf(configuration: string, option?: string): unknown {
  if (option !== undefined) return optionValue(network(configuration), `nodes.a.configuration.${option}`);
  const evaluated = networkOf(network(configuration));
  const reader = new Reader(evaluated.evaluator);
  const config = reader.attrs(reader.at(evaluated.network.node("a"), "configuration"));
  return readLinuxSystem(reader, config, "x86_64-linux");
}
