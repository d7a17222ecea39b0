# The older form of a network file, `import <nixus> { } NETWORK`, which means the same as NETWORK alone. Only Nixus can
# evaluate a network; Nix itself says so, in one line.
{ ... }:
network:
let
  # Nixus knows this path, Nix does not.
  isNixus = (builtins.tryEval <nixus/lib>).success;

  names = builtins.attrNames attributes;
  attributes =
    if builtins.isFunction network then
      builtins.functionArgs network
    else if builtins.isAttrs network then
      network
    else
      { };
  position = if names == [ ] then null else builtins.unsafeGetAttrPos (builtins.head names) attributes;
  file =
    if builtins.isPath network then
      toString network
    else if position == null then
      "FILE"
    else
      position.file;
in
if isNixus then
  (if builtins.isPath network then { imports = [ network ]; } else network)
else
  throw "this is a network of Nixus, which Nix alone can't build: run 'nixus build ${file}'"
