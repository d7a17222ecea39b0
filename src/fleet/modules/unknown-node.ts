/** What is said of an option that names a node which is not there. */
import { nearest } from "../../modules/nearest.ts";

export function unknownNode(option: string, name: string, nodes: readonly string[]): string {
  const [near] = nearest(name, nodes);
  return `'${option}': the network has no node '${name}'${near === undefined ? "" : `; did you mean '${near}'?`}`;
}
