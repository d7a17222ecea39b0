# Functions about nothing in particular.
{ lib, native }:
let
  inherit (builtins)
    foldl'
    fromJSON
    fromTOML
    readFile
    ;
  digits = "0123456789ABCDEF";
in
rec {
  inherit (builtins)
    add
    ceil
    deepSeq
    floor
    genericClosure
    isBool
    isFloat
    isInt
    lessThan
    pathExists
    seq
    sub
    ;
  inherit (native) functionArgs isFunction;

  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = foldl' (value: f: f value);
  concat = x: y: x ++ y;
  "or" = x: y: x || y;
  and = x: y: x && y;
  xor = x: y: x != y;
  mul = x: y: x * y;
  div = builtins.div;
  bitAnd = builtins.bitAnd;
  bitOr = builtins.bitOr;
  bitXor = builtins.bitXor;
  bitNot = x: -1 - x;
  min = x: y: if x < y then x else y;
  max = x: y: if x > y then x else y;
  mod = base: int: base - (int * (builtins.div base int));
  boolToString = b: if b then "true" else "false";
  boolToYesNo = b: if b then "yes" else "no";
  mergeAttrs = x: y: x // y;
  defaultTo = default: value: if value == null then default else value;
  mapNullable = f: value: if value == null then null else f value;

  compare =
    a: b:
    if a < b then
      -1
    else if a > b then
      1
    else
      0;
  # Those for which `p` holds come first; within each part its own comparison counts.
  splitByAndCompare =
    p: yes: no: a: b:
    if p a then
      if p b then yes a b else -1
    else if p b then
      1
    else
      no a b;

  importJSON = path: fromJSON (readFile path);
  importTOML = path: fromTOML (readFile path);

  warn =
    message:
    if builtins ? warn then builtins.warn message else builtins.trace "evaluation warning: ${message}";
  warnIf = condition: message: if condition then warn message else id;
  warnIfNot = condition: warnIf (!condition);
  info = message: builtins.trace "INFO: ${message}";
  showWarnings = warnings: value: foldl' (result: message: warn message result) value warnings;
  throwIfNot = condition: message: if condition then id else throw message;
  throwIf = condition: throwIfNot (!condition);
  checkListOfEnum =
    what: valid: given:
    let
      unexpected = lib.subtractLists valid given;
    in
    throwIfNot (unexpected == [ ])
      "${what}: ${builtins.concatStringsSep ", " (map toString unexpected)} unexpected; valid ones: ${builtins.concatStringsSep ", " (map toString valid)}";

  setFunctionArgs = f: args: {
    __functor = _: f;
    __functionArgs = args;
  };
  toFunction = value: if isFunction value then value else _: value;
  mirrorFunctionArgs =
    f: g:
    let
      args = native.functionArgs f;
    in
    if args == { } then g else setFunctionArgs g args;

  toHexString = n: builtins.concatStringsSep "" (map (d: builtins.substring d 1 digits) (toBaseDigits 16 n));
  toBaseDigits =
    base: n:
    let
      go = rest: below: if rest < base then [ rest ] ++ below else go (rest / base) ([ (mod rest base) ] ++ below);
    in
    assert builtins.isInt base && builtins.isInt n && base >= 2 && n >= 0;
    go n [ ];
  fromHexString =
    text:
    let
      found = builtins.match "(0x)?([0-9a-fA-F]+)" text;
    in
    if found == null then
      throw "fromHexString: ${builtins.toJSON text} is not a hexadecimal number"
    else
      (fromTOML "n = 0x${builtins.elemAt found 1}").n;

  inPureEvalMode = !builtins ? currentSystem;
}
