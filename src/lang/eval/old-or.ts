/** Nix's warning about `or` as the name of a variable, where newer Nix will read the expression in another way. */
import type { EvalHost } from "../host.ts";
import type { ParseOptions } from "../syntax/grammar.ts";
import { formatPos } from "../syntax/positions.ts";

export function oldOrWarning(host: Pick<EvalHost, "message">): ParseOptions["onOldOr"] {
  return (pos, text) =>
    host.message(
      "warning",
      `at ${formatPos(pos)}: This expression uses \`or\` as an identifier in a way that will change in a future Nix release.
Wrap this entire expression in parentheses to preserve its current meaning:
    (${text})
Give feedback at https://github.com/NixOS/nix/pull/11121`,
    );
}
