# Derivations.
{ lib, ... }:
{
  optionalDrvAttr = condition: value: if condition then value else null;
  # Reads nothing of the derivation before it is needed.
  lazyDerivation =
    {
      derivation,
      meta ? null,
      passthru ? { },
      outputs ? [ "out" ],
    }:
    {
      type = "derivation";
      inherit (derivation)
        drvPath
        name
        outPath
        outputName
        system
        ;
      inherit outputs;
    }
    // lib.genAttrs outputs (name: derivation.${name})
    // lib.optionalAttrs (meta != null) { inherit meta; }
    // passthru;
}
