/** Host keys as the Nix that makes a network know them. */
import type { HostKey } from "../../deploy/ssh/host-keys.ts";
import { showOption } from "../../modules/show.ts";
import { fromText, toText } from "../../store/bytes.ts";

/** `ed25519` of `ssh-ed25519`, `ecdsa` of `ecdsa-sha2-nistp256`. */
function keyName(type: string): string {
  return type
    .replace(/^sk-/, "")
    .replace(/^ssh-/, "")
    .replace(/[-@].*$/, "");
}

/** What to paste into the network file. */
export function hostKeysNix(node: string, keys: readonly HostKey[]): string {
  const lines = keys.map(({ type, publicKey }) => `  ${keyName(type)} = "${publicKey}";`);
  return `${toText(showOption(["ssh", "access", fromText(node), "hostKeys"]))} = {\n${lines.join("\n")}\n};`;
}

/** One line for each key, and what the network says of it. */
export function fingerprints(keys: readonly HostKey[], known: Readonly<Record<string, string>>): string {
  return keys
    .map(({ type, publicKey, fingerprint }) => {
      const [name, same] =
        Object.entries(known).find(([, key]) => withoutComment(key).split(" ")[0] === type) ?? [];
      const state =
        same === undefined
          ? "not in the network"
          : withoutComment(same) === publicKey
            ? `the network's hostKeys.${name}`
            : `DIFFERS from the network's hostKeys.${name}`;
      return `${fingerprint} (${type}): ${state}`;
    })
    .join("\n");
}

function withoutComment(publicKey: string): string {
  return publicKey.split(" ").slice(0, 2).join(" ");
}
