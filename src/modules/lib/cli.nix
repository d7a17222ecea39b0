# Command lines.
{ lib, ... }:
rec {
  # Options of a command in the style of GNU: `{ verbose = true; x = [ 1 2 ]; }` is `--verbose -x 1 -x 2`.
  toGNUCommandLine =
    {
      mkOptionName ? name: if builtins.stringLength name == 1 then "-${name}" else "--${name}",
      mkBool ? name: value: lib.optional value (mkOptionName name),
      mkList ? name: values: lib.concatMap (mkOption name) values,
      mkOption ?
        name: value:
        if value == null then
          [ ]
        else if optionValueSeparator == null then
          [
            (mkOptionName name)
            (lib.generators.mkValueStringDefault { } value)
          ]
        else
          [ "${mkOptionName name}${optionValueSeparator}${lib.generators.mkValueStringDefault { } value}" ],
      optionValueSeparator ? null,
    }:
    options:
    let
      render =
        name: value:
        if builtins.isBool value then
          mkBool name value
        else if builtins.isList value then
          mkList name value
        else
          mkOption name value;
    in
    builtins.concatLists (lib.mapAttrsToList render options);
  # The general form: `format name' says how an option is written: `option', `sep' (null: the argument is a word of its
  # own), `explicitBool' (whether booleans are arguments) and `formatArg'.
  toCommandLine =
    format: options:
    let
      render =
        name: value:
        let
          how = {
            explicitBool = false;
            formatArg = lib.generators.mkValueStringDefault { };
          }
          // format name;
          arg = how.formatArg value;
        in
        if name == "" then
          throw "lib.cli.toCommandLine: an option without a name"
        else if builtins.isList value then
          lib.concatMap (render name) value
        else if value == null then
          [ ]
        else if builtins.isBool value && !how.explicitBool then
          lib.optional value how.option
        else if how.sep == null then
          [
            how.option
            arg
          ]
        else
          [ "${how.option}${how.sep}${arg}" ];
    in
    builtins.concatLists (lib.mapAttrsToList render options);
  toCommandLineShell = format: options: lib.escapeShellArgs (toCommandLine format options);
  # In the style of GNU: `--name=value`, `-nvalue`, `--flag`.
  toCommandLineGNU =
    {
      isLong ? name: builtins.stringLength name > 1,
      explicitBool ? false,
      formatArg ? lib.generators.mkValueStringDefault { },
    }:
    toCommandLine (
      name:
      {
        option = if isLong name then "--${name}" else "-${name}";
        sep = if isLong name then "=" else "";
        inherit explicitBool formatArg;
      }
    );
  toCommandLineShellGNU = settings: options: lib.escapeShellArgs (toCommandLineGNU settings options);

  toGNUCommandLineShell = settings: options: lib.escapeShellArgs (toGNUCommandLine settings options);
}
