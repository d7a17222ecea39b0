/** What the nodes of a network have in common in nixpkgs, where they are alike. */
import type { SharedPlace } from "../../../lang/eval/sharing.ts";

export const sharedPlaces: readonly SharedPlace[] = [
  // All packages, for equal `config`, `overlays` and systems.
  { file: "/pkgs/top-level/impure.nix", expression: { kind: "body" } },
  { file: "/nixos/lib/utils.nix", expression: { kind: "body" } },
  // The options manual: the options of all modules of NixOS, and their documentation.
  { file: "/nixos/modules/misc/documentation.nix", expression: { kind: "call", of: "evalModules" } },
  { file: "/nixos/doc/manual/default.nix", expression: { kind: "call", of: "nixosOptionsDoc" } },
  // The kernel and its modules, with the patches and features that a configuration adds.
  { file: "/nixos/modules/system/boot/kernel.nix", expression: { kind: "call", of: "extend" } },
];
