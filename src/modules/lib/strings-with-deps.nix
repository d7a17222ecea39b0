# Pieces of text by name, each with the names of those that must stand before it.
{ lib, ... }:
rec {
  # The texts of these entries and of all that they depend on, each once, dependencies first.
  textClosureList =
    entries: names:
    let
      visit =
        state: name:
        if state.done ? ${name} then
          state
        else
          let
            entry = entries.${name};
            below = builtins.foldl' visit {
              done = state.done // {
                ${name} = true;
              };
              inherit (state) texts;
            } (entry.deps or [ ]);
          in
          {
            inherit (below) done;
            texts = below.texts ++ [ (entry.text or entry) ];
          };
    in
    (builtins.foldl' visit {
      done = { };
      texts = [ ];
    } names).texts;
  textClosureMap =
    f: entries: names:
    lib.concatStringsSep "\n" (map f (textClosureList entries names));
  noDepEntry = text: {
    inherit text;
    deps = [ ];
  };
  fullDepEntry = text: deps: { inherit text deps; };
  packEntry = deps: {
    inherit deps;
    text = "";
  };
  stringAfter = deps: text: { inherit deps text; };
}
