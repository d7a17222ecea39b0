# Functions about fixed points and layers of overrides on them.
{ lib, ... }:
rec {
  fix =
    f:
    let
      x = f x;
    in
    x;
  # As `fix`, and what it was made of stays available.
  fix' =
    f:
    let
      x = f x // {
        __unfix__ = f;
      };
    in
    x;
  converge =
    f: x:
    let
      next = f x;
    in
    if next == x then x else converge f next;
  # `overlay final prev` on top of `base final`.
  extends =
    overlay: base: final:
    let
      prev = base final;
    in
    prev // overlay final prev;
  composeExtensions =
    first: second: final: prev:
    let
      applied = first final prev;
    in
    applied // second final (prev // applied);
  composeManyExtensions = builtins.foldl' composeExtensions (_: _: { });
  makeExtensible = makeExtensibleWithCustomName "extend";
  makeExtensibleWithCustomName =
    name: base:
    fix' (
      final:
      (base final)
      // {
        ${name} = overlay: makeExtensibleWithCustomName name (extends overlay base);
      }
    );
  # An overlay from an overlay, a function of `prev`, or a set.
  toExtension =
    f:
    if !lib.isFunction f then
      _: _: f
    else
      final: prev:
      let
        once = f final;
        asPrev = f prev;
      in
      if lib.isFunction once then once prev else asPrev;
}
