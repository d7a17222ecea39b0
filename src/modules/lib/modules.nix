# Modules: properties of definitions, and modules that carry definitions from one option to another.
{ lib, native }:
let
  inherit (lib)
    attrByPath
    getAttrFromPath
    optional
    optionalAttrs
    setAttrByPath
    showFiles
    showOption
    ;
  property = kind: priority: content: {
    _type = kind;
    inherit priority content;
  };
in
rec {
  inherit (native) evalModules;

  defaultOverridePriority = 100;
  defaultOrderPriority = 1000;

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkAssert =
    assertion: message: content:
    mkIf (assertion || throw "\nFailed assertion: ${message}") content;
  mkOverride = property "override";
  mkOptionDefault = mkOverride 1500;
  mkDefault = mkOverride 1000;
  mkImageMediaOverride = mkOverride 60;
  mkForce = mkOverride 50;
  mkVMOverride = mkOverride 10;
  mkOrder = property "order";
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
  mkDefinition = def: def // { _type = "definition"; };
  # Applies a function to the value inside of all properties.
  mapDefinitionValue =
    f: def:
    let
      inner = mapDefinitionValue f;
      tag = def._type or null;
    in
    if !builtins.isAttrs def then
      f def
    else if tag == "merge" then
      def // { contents = map inner def.contents; }
    else if tag == "if" || tag == "override" || tag == "order" then
      def // { content = inner def.content; }
    else if tag == "definition" then
      def // { value = inner def.value; }
    else
      f def;
  # The definitions of each attribute of an option of type `attrsOf', merged, with the priority that wins.
  mergeAttrDefinitionsWithPrio = native.attrDefinitionsWithPriority;

  mkAliasDefinitions = mkAliasAndWrapDefinitions lib.id;
  mkAliasIfDef = option: mkIf (option.isDefined or false);
  mkAliasAndWrapDefinitions = wrap: option: mkIf option.isDefined (wrap (mkMerge option.definitions));
  # The definitions keep the priority that they have.
  mkAliasAndWrapDefsWithPriority =
    wrap: option:
    mkIf option.isDefined (
      wrap (mkMerge (map (mkOverride (option.highestPrio or defaultOverridePriority)) option.definitions))
    );
  mkDerivedConfig = option: f: mkOverride (option.highestPrio or defaultOverridePriority) (f option.value);

  setDefaultModuleLocation = file: module: {
    _file = file;
    imports = [ module ];
  };
  importApply = path: arg: setDefaultModuleLocation path (import path arg);
  importJSON = file: {
    _file = file;
    config = lib.importJSON file;
  };
  importTOML = file: {
    _file = file;
    config = lib.importTOML file;
  };

  mkRemovedOptionModule =
    path: instructions:
    { options, ... }:
    let
      option = getAttrFromPath path options;
    in
    {
      options = setAttrByPath path (
        lib.mkOption {
          visible = false;
          apply =
            _:
            throw "The option `${showOption path}' can no longer be used since it's been removed. ${instructions}";
        }
      );
      config.assertions = [
        {
          assertion = !option.isDefined;
          message = ''
            The option definition `${showOption path}' in ${showFiles option.files} no longer has any effect; please remove it.
            ${instructions}
          '';
        }
      ];
    };
  mkRenamedOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = false;
      warn = true;
      use = builtins.trace "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
    };
  # `sinceRelease': of nixpkgs' rule for how long old names are silent only the end is left, they always say so.
  mkRenamedOptionModuleWith =
    {
      from,
      to,
      sinceRelease ? null,
    }:
    mkRenamedOptionModule from to;
  mkAliasOptionModuleMD = mkAliasOptionModule;
  mkAliasOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = true;
      warn = false;
      use = lib.id;
    };
  mkChangedOptionModule =
    from: to: change:
    mkMergedOptionModule [ from ] to change;
  mkMergedOptionModule =
    from: to: merge:
    { config, options, ... }:
    let
      defined = builtins.filter (path: (getAttrFromPath path options).isDefined) from;
    in
    {
      options = builtins.foldl' lib.recursiveUpdate { } (
        map (path: setAttrByPath path (lib.mkOption { visible = false; })) from
      );
      config = mkMerge [
        (setAttrByPath to (mkIf (defined != [ ]) (merge config)))
        {
          warnings = map (
            path:
            "The option `${showOption path}' defined in ${showFiles (getAttrFromPath path options).files} has been changed to `${showOption to}' that has a different type. Please read `${showOption to}' documentation and update your configuration accordingly."
          ) defined;
        }
      ];
    };
  doRename =
    {
      from,
      to,
      visible,
      warn,
      use,
      withPriority ? true,
      condition ? true,
    }:
    { config, options, ... }:
    let
      fromOption = getAttrFromPath from options;
      toOption = attrByPath to { } options;
      value = attrByPath to (abort "Renaming error: option `${showOption to}' does not exist.") config;
      alias = if withPriority then mkAliasAndWrapDefsWithPriority else mkAliasAndWrapDefinitions;
    in
    {
      options = setAttrByPath from (
        lib.mkOption {
          inherit visible;
          description = "Alias of {option}`${showOption to}`.";
          apply = _: use value;
          type = toOption.type or (lib.types.submodule { });
        }
      );
      config = mkIf condition (mkMerge [
        (optionalAttrs (options ? warnings) {
          warnings = optional (
            warn && fromOption.isDefined
          ) "The option `${showOption from}' defined in ${showFiles fromOption.files} has been renamed to `${showOption to}'.";
        })
        (alias (setAttrByPath to) fromOption)
      ]);
    };
}
