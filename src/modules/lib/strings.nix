# Functions on strings.
{ lib, native }:
let
  inherit (builtins)
    concatStringsSep
    elemAt
    genList
    head
    isString
    length
    match
    replaceStrings
    stringLength
    substring
    ;
  lower = stringToChars "abcdefghijklmnopqrstuvwxyz";
  upper = stringToChars "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  stringToChars = text: genList (i: substring i 1 text) (stringLength text);
in
rec {
  inherit (builtins)
    appendContext
    compareVersions
    concatStringsSep
    fromJSON
    fromTOML
    isString
    match
    parseDrvName
    replaceStrings
    split
    storeDir
    stringLength
    substring
    toJSON
    typeOf
    unsafeDiscardStringContext
    ;
  inherit (native) levenshtein;

  join = concatStringsSep;
  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStrings (map f list);
  concatImapStrings = f: list: concatStrings (lib.imap1 f list);
  concatMapStringsSep =
    sep: f: list:
    concatStringsSep sep (map f list);
  concatImapStringsSep =
    sep: f: list:
    concatStringsSep sep (lib.imap1 f list);
  concatMapAttrsStringSep =
    sep: f: set:
    concatStringsSep sep (lib.mapAttrsToList f set);
  concatLines = concatMapStrings (line: line + "\n");
  intersperse =
    sep: list:
    if length list < 2 then
      list
    else
      [ (head list) ]
      ++ lib.concatMap (x: [
        sep
        x
      ]) (builtins.tail list);
  replicate = n: text: concatStrings (lib.replicate n text);
  optionalString = condition: text: if condition then text else "";

  makeSearchPath =
    dir: packages:
    concatMapStringsSep ":" (package: "${package}/${dir}") (builtins.filter (package: package != null) packages);
  makeSearchPathOutput =
    output: dir: packages:
    makeSearchPath dir (map (lib.getOutput output) packages);
  makeLibraryPath = makeSearchPathOutput "lib" "lib";
  makeIncludePath = makeSearchPathOutput "dev" "include";
  makeBinPath = makeSearchPathOutput "bin" "bin";
  normalizePath =
    text:
    let
      pieces = builtins.filter (piece: isString piece && piece != "") (builtins.split "/" text);
    in
    optionalString (hasPrefix "/" text) "/" + concatStringsSep "/" pieces + optionalString (hasSuffix "/" text && pieces != [ ]) "/";

  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      n = stringLength text;
      m = stringLength suffix;
    in
    n >= m && substring (n - m) n text == suffix;
  hasInfix = infix: text: replaceStrings [ infix ] [ "" ] text != text || infix == "";
  removePrefix =
    prefix: text:
    if hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text;
  replaceString = from: to: replaceStrings [ from ] [ to ];

  stringToCharacters = stringToChars;
  stringAsChars = f: text: concatStrings (map f (stringToChars text));
  lowerChars = lower;
  upperChars = upper;
  toLower = replaceStrings upper lower;
  toUpper = replaceStrings lower upper;
  toSentenceCase = text: toUpper (substring 0 1 text) + toLower (substring 1 (-1) text);
  toCamelCase =
    text:
    let
      words = builtins.filter (piece: isString piece && piece != "") (
        lib.concatMap (piece: if isString piece then builtins.split "[_. -]" piece else [ ]) (
          builtins.split "\r?\n" text
        )
      );
      # A word in mixed case keeps its humps.
      capital = word: toUpper (substring 0 1 word) + substring 1 (-1) word;
    in
    if words == [ ] then
      ""
    else
      toLower (substring 0 1 (head words))
      + substring 1 (-1) (head words)
      + concatMapStrings capital (builtins.tail words);
  trim = trimWith {
    start = true;
    end = true;
  };
  trimWith =
    {
      start ? false,
      end ? false,
    }:
    text:
    let
      white = " \t\r\n";
      found = match "[${white}]*(.*[^${white}])[${white}]*" text;
      left = match "[${white}]*(.*)" text;
      right = match "(.*[^${white}])[${white}]*" text;
      orEmpty = groups: if groups == null then "" else head groups;
    in
    if start && end then
      orEmpty found
    else if start then
      orEmpty left
    else if end then
      orEmpty right
    else
      text;

  escape = chars: replaceStrings chars (map (char: "\\" + char) chars);
  escapeC = chars: replaceStrings chars (map (char: "\\x${toLower (lib.fixedWidthString 2 "0" (lib.toHexString (charToInt char)))}") chars);
  escapeRegex = escape (stringToChars "\\[{()^$?*+|.");
  escapeXML =
    replaceStrings
      [ "\"" "'" "<" ">" "&" ]
      [ "&quot;" "&apos;" "&lt;" "&gt;" "&amp;" ];
  escapeURL = native.escapeURL;
  escapeShellArg =
    arg:
    let
      text = toString arg;
    in
    if match "[[:alnum:],._+:@%/-]+" text == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] text}'"
    else
      text;
  escapeShellArgs = concatMapStringsSep " " escapeShellArg;
  escapeSystemdPath =
    text:
    let
      trimmed = removePrefix "/" (removeSuffix "/" (normalizePath text));
    in
    replaceStrings [ "/" ] [ "-" ] (replaceStrings [ "-" " " ] [ "\\x2d" "\\x20" ] trimmed);
  isValidPosixName = name: match "[a-zA-Z_][a-zA-Z0-9_]*" name != null;
  toShellVar =
    name: value:
    lib.throwIfNot (isValidPosixName name) "toShellVar: ${name} is not a valid shell variable name" (
      if lib.isAttrs value && !isStringLike value then
        "declare -A ${name}=(${
          concatStringsSep " " (lib.mapAttrsToList (n: v: "[${escapeShellArg n}]=${escapeShellArg v}") value)
        })"
      else if lib.isList value then
        "declare -a ${name}=(${escapeShellArgs value})"
      else
        "${name}=${escapeShellArg value}"
    );
  toShellVars = vars: concatStringsSep "\n" (lib.mapAttrsToList toShellVar vars);
  escapeNixString = native.escapeNixString;
  escapeNixIdentifier = native.escapeNixIdentifier;

  splitString =
    sep: text:
    let
      context = builtins.getContext text;
      pieces = builtins.filter isString (
        builtins.split (escapeRegex (toString sep)) (toString text)
      );
    in
    if context == { } then pieces else map (addContextFrom text) pieces;
  splitStringBy =
    isBoundary: keep: text:
    let
      n = stringLength text;
      go =
        i: start: found:
        if i >= n then
          found ++ [ (substring start (n - start) text) ]
        else if i > 0 && isBoundary (substring (i - 1) 1 text) (substring i 1 text) then
          go (i + 1) (if keep then i else i + 1) (found ++ [ (substring start (i - start) text) ])
        else
          go (i + 1) start found;
    in
    if n == 0 then [ ] else go 0 0 [ ];
  addContextFrom = from: to: substring 0 0 from + to;

  isConvertibleWithToString =
    value:
    isStringLike value
    || builtins.elem (builtins.typeOf value) [
      "null"
      "int"
      "float"
      "bool"
    ]
    || (lib.isList value && builtins.all isConvertibleWithToString value);
  isStringLike = native.isStringLike;
  isStorePath =
    value:
    isStringLike value
    && (
      let
        text = toString value;
      in
      substring 0 1 text == "/"
      && (
        dirOf text == storeDir
        || match "${escapeRegex storeDir}/[0-9a-z]{52}" text != null
      )
    );

  versionOlder = a: b: builtins.compareVersions b a == 1;
  versionAtLeast = a: b: !versionOlder a b;
  getName = x: if isString x then (builtins.parseDrvName x).name else x.pname or (builtins.parseDrvName x.name).name;
  getVersion = x: if isString x then (builtins.parseDrvName x).version else x.version or (builtins.parseDrvName x.name).version;
  nameFromURL = url: sep: head (splitString sep (lib.last (splitString "/" url)));

  enableFeature = flag: feature: "--${if flag then "enable" else "disable"}-${feature}";
  enableFeatureAs = flag: feature: value: enableFeature flag feature + optionalString flag "=${value}";
  withFeature = flag: feature: "--${if flag then "with" else "without"}-${feature}";
  withFeatureAs = flag: feature: value: withFeature flag feature + optionalString flag "=${value}";
  fixedWidthString =
    width: filler: text:
    let
      missing = width - stringLength text;
    in
    assert lib.assertMsg (missing >= 0)
      "fixedWidthString: requested string length (${toString width}) must not be shorter than actual length (${toString (stringLength text)})";
    if missing == 0 then text else filler + fixedWidthString (width - stringLength filler) filler text;
  fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);
  floatToString = toString;

  toInt =
    text:
    let
      found = match "[[:space:]]*(0*)(-?[[:digit:]]+)[[:space:]]*" text;
      zeros = if found == null then "" else head found;
    in
    if found == null then
      throw "toInt: Could not convert ${escapeNixString text} to int."
    else if zeros != "" && elemAt found 1 != "0" then
      throw "toInt: Ambiguity in interpretation of ${escapeNixString text} between octal and zero padded integer."
    else
      builtins.fromJSON (elemAt found 1);
  toIntBase10 =
    text:
    let
      found = match "[[:space:]]*0*(-?[[:digit:]]+)[[:space:]]*" text;
    in
    if found == null then
      throw "toIntBase10: Could not convert ${escapeNixString text} to int."
    else
      builtins.fromJSON (head found);
  fileContents = file: removeSuffix "\n" (builtins.readFile file);
  readPathsFromFile = root: file: map (line: root + "/${line}") (builtins.filter (line: line != "" && !hasPrefix "#" line) (splitString "\n" (builtins.readFile file)));
  commonPrefixLength =
    a: b:
    let
      n = lib.min (stringLength a) (stringLength b);
      from = i: if i < n && substring i 1 a == substring i 1 b then from (i + 1) else i;
    in
    from 0;
  levenshteinAtMost = k: a: b: levenshtein a b <= k;
  charToInt = native.charToInt;
}
