/** How a node's sshd is reached, and what the network knows of its host keys. */
import { NixError } from "../../lang/eval/errors.ts";
import { nearest } from "../../modules/nearest.ts";
import { fromText } from "../../store/bytes.ts";
import type { Network } from "./network.ts";

export interface SshHost {
  /** SSH destination. */
  readonly destination: string;
  /** `-o` options for ssh, by name. */
  readonly options: Readonly<Record<string, string>>;
  /** `ssh.access.<node>.hostKeys`. */
  readonly hostKeys: Readonly<Record<string, string>>;
}

export function sshHostOf({ view }: Network, name: string): SshHost {
  const node = view.nodes[name];
  if (node === undefined) {
    const known = Object.keys(view.nodes);
    const [near] = nearest(name, known);
    const hint = near === undefined ? `it has: ${known.join(", ") || "none"}` : `did you mean '${near}'?`;
    throw new NixError("module", fromText(`the network has no node '${name}'; ${hint}`));
  }
  if (node.host === null) {
    throw new NixError("module", fromText(`'nodes.${name}.host' is null: no one knows where its sshd is`));
  }
  return {
    destination: node.host,
    options: { ...node.ssh.options },
    hostKeys: { ...view.ssh.access[name]?.hostKeys },
  };
}
