# Functions on attribute sets.
{ lib, ... }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    elemAt
    foldl'
    head
    isAttrs
    length
    listToAttrs
    mapAttrs
    tail
    ;
in
rec {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    ;
  zipAttrsWith = builtins.zipAttrsWith or (f: sets: zipAttrsWithNames (attrNames (foldl' lib.mergeAttrs { } sets)) f sets);

  attrByPath =
    path: default: set:
    let
      n = length path;
      from =
        i: value:
        if i == n then
          value
        else if isAttrs value && value ? ${elemAt path i} then
          from (i + 1) value.${elemAt path i}
        else
          default;
    in
    from 0 set;
  hasAttrByPath =
    path: set:
    let
      n = length path;
      from = i: value: i == n || (isAttrs value && value ? ${elemAt path i} && from (i + 1) value.${elemAt path i});
    in
    from 0 set;
  longestValidPathPrefix =
    path: set:
    let
      n = length path;
      from = i: value: if i < n && isAttrs value && value ? ${elemAt path i} then from (i + 1) value.${elemAt path i} else i;
    in
    lib.take (from 0 set) path;
  setAttrByPath =
    path: value:
    let
      n = length path;
      from = i: if i == n then value else { ${elemAt path i} = from (i + 1); };
    in
    from 0;
  getAttrFromPath =
    path: set:
    attrByPath path (throw "cannot find attribute '${lib.concatStringsSep "." path}'") set;
  attrVals = names: set: map (name: set.${name}) names;
  getAttrs = names: set: lib.genAttrs names (name: set.${name});
  nameValuePair = name: value: { inherit name value; };
  filterAttrs =
    keep: set: builtins.removeAttrs set (builtins.filter (name: !keep name set.${name}) (attrNames set));
  filterAttrsRecursive =
    keep: set:
    listToAttrs (
      concatMap (
        name:
        let
          value = set.${name};
        in
        if keep name value then
          [ (nameValuePair name (if isAttrs value then filterAttrsRecursive keep value else value)) ]
        else
          [ ]
      ) (attrNames set)
    );
  foldlAttrs =
    f: initial: set:
    foldl' (result: name: f result name set.${name}) initial (attrNames set);
  foldAttrs =
    op: nul: sets:
    lib.foldr (
      set: result: foldl' (found: name: found // { ${name} = op set.${name} (found.${name} or nul); }) result (attrNames set)
    ) { } sets;
  collect =
    wanted: value:
    if wanted value then
      [ value ]
    else if isAttrs value then
      concatMap (collect wanted) (attrValues value)
    else
      [ ];
  cartesianProduct =
    lists:
    foldl' (
      found: name:
      concatMap (set: map (value: set // { ${name} = value; }) lists.${name}) found
    ) [ { } ] (attrNames lists);
  mapCartesianProduct = f: lists: map f (cartesianProduct lists);
  mapAttrs' = f: set: listToAttrs (map (name: f name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  attrsToList = mapAttrsToList nameValuePair;
  concatMapAttrs = f: set: mergeAttrsList (mapAttrsToList f set);
  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);
  mapAttrsRecursiveCond =
    descend: f: set:
    let
      at =
        path:
        mapAttrs (
          name: value:
          if isAttrs value && descend value then at (path ++ [ name ]) value else f (path ++ [ name ]) value
        );
    in
    at [ ] set;
  mapAttrsToListRecursive = mapAttrsToListRecursiveCond (_: _: true);
  mapAttrsToListRecursiveCond =
    descend: f: set:
    let
      at =
        path: value:
        if isAttrs value && (path == [ ] || descend path value) then
          concatMap (name: at (path ++ [ name ]) value.${name}) (attrNames value)
        else
          [ (f path value) ];
    in
    at [ ] set;
  genAttrs = names: f: genAttrs' names (name: nameValuePair name (f name));
  genAttrs' = list: f: listToAttrs (map f list);
  isDerivation = value: value.type or null == "derivation";
  toDerivation =
    path:
    let
      stored = builtins.storePath path;
      self = {
        type = "derivation";
        name = builtins.unsafeDiscardStringContext (builtins.substring 33 (-1) (baseNameOf stored));
        outPath = stored;
        outputs = [ "out" ];
        out = self;
        outputName = "out";
      };
    in
    self;
  optionalAttrs = condition: set: if condition then set else { };
  zipAttrsWithNames =
    names: f: sets:
    lib.genAttrs names (name: f name (builtins.catAttrs name sets));
  zipAttrs = zipAttrsWith (_: values: values);
  mergeAttrsList =
    list:
    # In halves: as many updates of large sets as there are levels, not elements.
    let
      merge =
        start: end:
        if end - start >= 2 then
          merge start ((start + end) / 2) // merge ((start + end) / 2) end
        else
          elemAt list start;
    in
    if list == [ ] then { } else merge 0 (length list);
  recursiveUpdateUntil =
    stop: left: right:
    let
      at =
        path:
        zipAttrsWith (
          name: values:
          let
            here = path ++ [ name ];
          in
          if length values == 1 || stop here (elemAt values 1) (head values) then head values else at here values
        );
    in
    at [ ] [ right left ];
  recursiveUpdate = recursiveUpdateUntil (_: left: right: !(isAttrs left && isAttrs right));
  matchAttrs =
    pattern: set:
    isAttrs pattern
    && builtins.all (
      name:
      set ? ${name}
      && (
        if isAttrs pattern.${name} then
          isAttrs set.${name} && matchAttrs pattern.${name} set.${name}
        else
          pattern.${name} == set.${name}
      )
    ) (attrNames pattern);
  overrideExisting = old: new: mapAttrs (name: value: new.${name} or value) old;
  # The updates are `{ path, update }`; longer paths are changed before the sets that they are in.
  updateManyAttrsByPath =
    updates: value:
    let
      go =
        updates: hasValue: value:
        let
          here = builtins.partition (u: u.path == [ ]) updates;
          below = builtins.groupBy (u: head u.path) here.wrong;
          deeper =
            if here.wrong == [ ] then
              value
            else if !hasValue then
              mapAttrs (name: deepen name false null) below
            else if isAttrs value then
              value // mapAttrs (name: us: deepen name (value ? ${name}) (value.${name} or null) us) below
            else
              throw "updateManyAttrsByPath: the path ${showAttrPath (head here.wrong).path} leads into a value that is not an attribute set";
          deepen =
            _: has: inner: us:
            go (map (u: u // { path = tail u.path; }) us) has inner;
        in
        foldl' (
          result: u:
          u.update result
        ) (if hasValue || here.wrong != [ ] then deeper else throw "updateManyAttrsByPath: a path leads to an attribute that is not there") here.right;
    in
    go updates true value;
  showAttrPath =
    path: if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." lib.strings.escapeNixIdentifier path;
  getOutput =
    output: package:
    if !(package.outputSpecified or false) then package.${output} or package.out or package else package;
  getFirstOutput =
    candidates: package:
    let
      found = lib.findFirst (name: package ? ${name}) null candidates;
    in
    if package.outputSpecified or false || found == null then package else package.${found};
  getBin = getOutput "bin";
  getLib = getOutput "lib";
  getStatic = getFirstOutput [
    "static"
    "lib"
    "out"
  ];
  getDev = getOutput "dev";
  getInclude = getFirstOutput [
    "include"
    "dev"
    "out"
  ];
  getMan = getOutput "man";
  recurseIntoAttrs = set: set // { recurseForDerivations = true; };
  dontRecurseIntoAttrs = set: set // { recurseForDerivations = false; };
}
