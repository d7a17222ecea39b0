# Texts of file formats from Nix values.
{ lib, native }:
let
  inherit (builtins)
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    ;
in
rec {
  # How a value stands in formats that have no types.
  mkValueStringDefault =
    { }:
    value:
    if isInt value || isFloat value then
      toString value
    else if isString value || lib.isDerivation value then
      toString value
    else if value == true then
      "true"
    else if value == false then
      "false"
    else if value == null then
      "null"
    else
      throw "generators.mkValueStringDefault: this value cannot be written: ${toPretty { } value}";
  mkKeyValueDefault =
    {
      mkValueString ? mkValueStringDefault { },
    }:
    sep: key: value:
    "${lib.escape [ sep ] key}${sep}${mkValueString value}";
  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    let
      line = key: value: indent + mkKeyValue key value + "\n";
      lines = if listsAsDuplicateKeys then key: value: map (line key) (lib.toList value) else key: value: [ (line key value) ];
    in
    set: lib.concatStrings (builtins.concatLists (lib.mapAttrsToList lines set));
  toINI =
    {
      mkSectionName ? name: lib.escape [ "[" "]" ] name,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    sections:
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: section: "[${mkSectionName name}]\n" + toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } section
      ) sections
    );
  toINIWithGlobalSection =
    {
      mkSectionName ? name: lib.escape [ "[" "]" ] name,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    {
      globalSection,
      sections ? { },
    }:
    (
      if globalSection == { } then
        ""
      else
        toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } globalSection + "\n"
    )
    + toINI { inherit mkSectionName mkKeyValue listsAsDuplicateKeys; } sections;
  toGitINI =
    config:
    let
      section =
        name:
        let
          parts = lib.splitString "." name;
          first = builtins.head parts;
          rest = lib.concatStringsSep "." (builtins.tail parts);
        in
        if rest == "" then first else "${first} \"${rest}\"";
      string = text: "\"${lib.escape [ "\"" "\\" ] text}\"";
      keyValue = mkKeyValueDefault {
        mkValueString = value: if isString value then string value else mkValueStringDefault { } value;
      } " = ";
      line = key: value: "\t" + keyValue key value + "\n";
      flat =
        path: value:
        if isAttrs value && !lib.isDerivation value then
          lib.concatMap (name: flat ([ name ] ++ path) value.${name}) (builtins.attrNames value)
        else
          [
            {
              section = lib.concatStringsSep "." (lib.reverseList (builtins.tail path));
              key = builtins.head path;
              inherit value;
            }
          ];
      grouped = builtins.groupBy (entry: entry.section) (flat [ ] config);
    in
    lib.concatStringsSep "\n" (
      lib.mapAttrsToList (
        name: entries:
        "[${section name}]\n"
        + lib.concatMapStrings (entry: lib.concatMapStrings (line entry.key) (lib.toList entry.value)) entries
      ) grouped
    );
  toJSON = { }: builtins.toJSON;
  # JSON is YAML.
  toYAML = toJSON;
  mkLuaInline = expr: {
    _type = "lua-inline";
    inherit expr;
  };
  # The value as Nix code.
  toPretty =
    {
      multiline ? true,
      allowPrettyValues ? false,
      indent ? "",
    }:
    value:
    let
      inner = toPretty {
        inherit multiline allowPrettyValues;
        indent = indent + "  ";
      };
      newline = if multiline then "\n${indent}  " else " ";
      end = if multiline then "\n${indent}" else " ";
    in
    if isInt value then
      toString value
    else if isFloat value then
      builtins.toJSON value
    else if isString value then
      native.prettyString multiline indent value
    else if isBool value then
      lib.boolToString value
    else if value == null then
      "null"
    else if builtins.isPath value then
      toString value
    else if isList value then
      if value == [ ] then "[ ]" else "[${newline}${lib.concatMapStringsSep newline inner value}${end}]"
    else if lib.isFunction value then
      let
        args = native.functionArgs value;
        shown = lib.concatStringsSep ", " (lib.mapAttrsToList (name: hasDefault: if hasDefault then name + "?" else name) args);
      in
      if args == { } then "<function>" else "<function, args: {${shown}}>"
    else if isAttrs value then
      if allowPrettyValues && value ? __pretty && value ? val then
        value.__pretty value.val
      else if value == { } then
        "{ }"
      else if lib.isDerivation value then
        "<derivation ${value.name or "???"}>"
      else
        "{${newline}${
          lib.concatStringsSep newline (
            lib.mapAttrsToList (
              name: member:
              "${lib.strings.escapeNixIdentifier name} = ${
                builtins.addErrorContext "while evaluating an attribute `${name}`" (inner member)
              };"
            ) value
          )
        }${end}}"
    else
      throw "generators.toPretty: a value of type ${builtins.typeOf value}";
}
