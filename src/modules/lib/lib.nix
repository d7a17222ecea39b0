# The library that modules get. Names and behaviour are those of nixpkgs' lib; each subset is loaded when it is first
# used. `native` has what is written in TypeScript, `load` evaluates a file of this directory.
{ native, load }:
let
  self = lib;
  call = file: load file { inherit lib native; };

  lib = {
    trivial = call "trivial.nix";
    fixedPoints = call "fixed-points.nix";
    attrsets = call "attrsets.nix";
    lists = call "lists.nix";
    strings = call "strings.nix";
    stringsWithDeps = call "strings-with-deps.nix";
    derivations = call "derivations.nix";
    meta = call "meta.nix";
    versions = call "versions.nix";
    modules = call "modules.nix";
    options = call "options.nix";
    types = native.types // call "types.nix";
    inherit (native) functionArgs;
    inherit (native) dag ip;
    cli = call "cli.nix";
    generators = call "generators.nix";
    asserts = call "asserts.nix";
    debug = call "debug.nix";
    filesystem = call "filesystem.nix";

    inherit (builtins)
      addErrorContext
      appendContext
      baseNameOf
      compareVersions
      deepSeq
      dirOf
      fromJSON
      fromTOML
      genericClosure
      getContext
      hasContext
      hashString
      isPath
      match
      parseDrvName
      pathExists
      placeholder
      readDir
      readFile
      seq
      split
      splitVersion
      substring
      stringLength
      toFile
      toJSON
      toString
      toXML
      trace
      tryEval
      typeOf
      unsafeDiscardStringContext
      unsafeGetAttrPos
      ;
    inherit (self.trivial)
      add
      and
      bitAnd
      bitNot
      bitOr
      bitXor
      boolToString
      boolToYesNo
      ceil
      checkListOfEnum
      compare
      concat
      const
      defaultTo
      div
      flip
      floor
      fromHexString
      id
      importJSON
      importTOML
      inPureEvalMode
      info
      isBool
      isFloat
      isFunction
      isInt
      lessThan
      mapNullable
      max
      mergeAttrs
      min
      mirrorFunctionArgs
      mod
      mul
      "or"
      pipe
      setFunctionArgs
      showWarnings
      splitByAndCompare
      sub
      throwIf
      throwIfNot
      toBaseDigits
      toFunction
      toHexString
      warn
      warnIf
      warnIfNot
      xor
      ;
    inherit (self.fixedPoints)
      composeExtensions
      composeManyExtensions
      converge
      extends
      fix
      fix'
      makeExtensible
      makeExtensibleWithCustomName
      toExtension
      ;
    inherit (self.attrsets)
      attrByPath
      attrNames
      attrVals
      attrValues
      attrsToList
      cartesianProduct
      catAttrs
      collect
      concatMapAttrs
      dontRecurseIntoAttrs
      filterAttrs
      filterAttrsRecursive
      foldAttrs
      foldlAttrs
      genAttrs
      genAttrs'
      getAttr
      getAttrFromPath
      getAttrs
      getBin
      getDev
      getFirstOutput
      getInclude
      getLib
      getMan
      getOutput
      hasAttr
      hasAttrByPath
      intersectAttrs
      isAttrs
      isDerivation
      listToAttrs
      mapAttrs
      mapAttrs'
      mapAttrsRecursive
      mapAttrsRecursiveCond
      mapAttrsToList
      mapAttrsToListRecursive
      mapAttrsToListRecursiveCond
      mapCartesianProduct
      matchAttrs
      mergeAttrsList
      nameValuePair
      optionalAttrs
      overrideExisting
      recurseIntoAttrs
      recursiveUpdate
      recursiveUpdateUntil
      removeAttrs
      setAttrByPath
      showAttrPath
      toDerivation
      updateManyAttrsByPath
      zipAttrs
      zipAttrsWith
      zipAttrsWithNames
      ;
    inherit (self.lists)
      all
      allUnique
      any
      compareLists
      concatAttrValues
      concatLists
      concatMap
      count
      drop
      dropEnd
      elem
      elemAt
      filter
      findFirst
      findSingle
      flatten
      fold
      foldl
      foldl'
      foldr
      forEach
      genList
      groupBy
      groupBy'
      head
      ifilter0
      imap0
      imap1
      init
      intersectLists
      isList
      last
      length
      listDfs
      map
      mutuallyExclusive
      naturalSort
      optional
      optionals
      partition
      range
      remove
      replaceElemAt
      replicate
      reverseList
      singleton
      sort
      sortOn
      sublist
      subtractLists
      tail
      take
      takeEnd
      toList
      toposort
      unique
      uniqueStrings
      zipLists
      zipListsWith
      ;
    inherit (self.strings)
      addContextFrom
      concatImapStrings
      concatImapStringsSep
      concatLines
      concatMapAttrsStringSep
      concatMapStrings
      concatMapStringsSep
      concatStrings
      concatStringsSep
      enableFeature
      enableFeatureAs
      escape
      escapeRegex
      escapeShellArg
      escapeShellArgs
      escapeURL
      escapeXML
      fileContents
      fixedWidthNumber
      fixedWidthString
      getName
      getVersion
      hasInfix
      hasPrefix
      hasSuffix
      intersperse
      isStorePath
      isString
      isStringLike
      isValidPosixName
      join
      lowerChars
      makeBinPath
      makeIncludePath
      makeLibraryPath
      makeSearchPath
      makeSearchPathOutput
      nameFromURL
      optionalString
      removePrefix
      removeSuffix
      replaceString
      replaceStrings
      splitString
      splitStringBy
      stringAsChars
      stringToCharacters
      toCamelCase
      toInt
      toIntBase10
      toLower
      toSentenceCase
      toShellVar
      toShellVars
      toUpper
      trim
      trimWith
      upperChars
      versionAtLeast
      versionOlder
      withFeature
      withFeatureAs
      ;
    inherit (self.stringsWithDeps)
      fullDepEntry
      noDepEntry
      packEntry
      stringAfter
      textClosureList
      textClosureMap
      ;
    inherit (self.derivations) lazyDerivation optionalDrvAttr;
    inherit (self.meta) getExe getExe' hiPrio lowPrio setPrio;
    inherit (self.filesystem)
      pathIsDirectory
      pathIsRegularFile
      pathType
      readFileType
      ;
    inherit (self.generators) mkLuaInline;
    inherit (self.modules)
      doRename
      evalModules
      importApply
      mkAfter
      mkAliasAndWrapDefinitions
      mkAliasAndWrapDefsWithPriority
      mkAliasDefinitions
      mkAliasOptionModule
      mkAssert
      mkBefore
      mkChangedOptionModule
      mkDefault
      mkDefinition
      mkDerivedConfig
      mkForce
      mkIf
      mkImageMediaOverride
      mkMerge
      mkMergedOptionModule
      mkOptionDefault
      mkOrder
      mkOverride
      mkRemovedOptionModule
      mkAliasIfDef
      mkAliasOptionModuleMD
      mkRenamedOptionModule
      mkRenamedOptionModuleWith
      mkVMOverride
      setDefaultModuleLocation
      ;
    inherit (self.options)
      getFiles
      getValues
      isOption
      literalExpression
      literalMD
      mergeDefaultOption
      mergeEqualOption
      mergeOneOption
      mkEnableOption
      mkOption
      mkPackageOption
      mkSinkUndeclaredOptions
      showFiles
      showOption
      unknownModule
      ;
    inherit (self.types)
      isOptionType
      isType
      mkOptionType
      setType
      ;
    inherit (self.asserts) assertMsg assertOneOf;
    inherit (self.debug)
      traceIf
      traceSeq
      traceVal
      traceValFn
      traceValSeq
      ;
  };
in
lib
