/**
 * Expressions whose parts mostly fit together, so that most of them have a value: each variable has one type wherever
 * it is bound, and now and then something of another type stands where it does not belong.
 */
import * as fc from "fast-check";

type Types = {
  int: string;
  float: string;
  bool: string;
  string: string;
  ints: string;
  strings: string;
  set: string;
  /** From an int to an int. */
  fn: string;
  any: string;
};
type Type = keyof Types;

/** Of every type two, bound around the whole; inner functions bind them anew. */
const variables: Readonly<Record<Exclude<Type, "any">, readonly [string, string]>> = {
  int: ["i", "j"],
  float: ["f", "g"],
  bool: ["p", "q"],
  string: ["s", "t"],
  ints: ["is", "js"],
  strings: ["ss", "ts"],
  set: ["a", "b"],
  fn: ["fn", "gn"],
};
const bindings = String.raw`let
  i = 3; j = 0 - 7; f = 1.5; g = 0 - 1.0e10; p = true; q = false; s = "ab"; t = "a.b-1\n\${"$"}\"";
  is = [ 3 1 2 3 ]; js = [ ]; ss = [ "b" "a" "b" ]; ts = [ "x" ]; a = { x = 1; y = 2; }; b = { y = i; z = 0; };
  fn = i: i + 1; gn = j: j * j;
in `.replaceAll("\\${", "${");

const names = ["x", "y", "z", '"a b"'] as const;
const literalText = fc
  .string({
    unit: fc.constantFrom(
      "a",
      "b",
      "B",
      "1",
      ".",
      "-",
      " ",
      "\\n",
      "\\t",
      "\\\\",
      '\\"',
      "$",
      "$$",
      "'",
      "/",
    ),
  })
  .map((text) => `"${text.replaceAll("$", "\\$")}"`);
const patterns = [
  '"a*"',
  '"(a)(b)?.*"',
  '"[^.]+"',
  '"(b|a|ab)+"',
  '"[[:alnum:]]*"',
  '".*(-|\\\\.).*"',
  '"("',
];

/** Fills the arbitraries into the gaps of the template; all in parentheses. */
function term(parts: TemplateStringsArray, ...gaps: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .tuple(...gaps)
    .map((texts) => `(${parts.map((part, index) => part + (texts[index] ?? "")).join("")})`);
}

const one = (...texts: readonly string[]) => fc.constantFrom(...texts);

const { any: expression } = fc.letrec<Types>((tie) => {
  const int = tie("int");
  const float = tie("float");
  const bool = tie("bool");
  const string = tie("string");
  const ints = tie("ints");
  const strings = tie("strings");
  const set = tie("set");
  const fn = tie("fn");
  const any = tie("any");
  const name = one(...names);
  const small = fc.integer({ min: 0, max: 4 }).map(String);

  /** What every type has; a misfit for one in about a hundred. */
  const of = (type: Exclude<Type, "any">, leaves: fc.Arbitrary<string>, ...inner: fc.Arbitrary<string>[]) => {
    const self = tie(type);
    return fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      { weight: 6, arbitrary: one(...variables[type]) },
      { weight: 4, arbitrary: leaves },
      ...inner.map((arbitrary) => ({ weight: 3, arbitrary })),
      { weight: 1, arbitrary: term`if ${bool} then ${self} else ${self}` },
      { weight: 1, arbitrary: term`let ${one(...variables[type])} = ${self}; in ${self}` },
      { weight: 1, arbitrary: term`let i = ${int}; s = ${string}; in ${self}` },
      { weight: 1, arbitrary: term`with { x = ${self}; i = null; }; x` },
      { weight: 1, arbitrary: term`{ v = ${self}; }.v` },
      { weight: 1, arbitrary: term`{ }.${name} or ${self}` },
      { weight: 1, arbitrary: term`assert ${bool}; ${self}` },
      { weight: 1, arbitrary: term`(rec { x = ${self}; y = x; }).y` },
      { weight: 1, arbitrary: term`builtins.seq ${any} ${self}` },
      {
        weight: 1,
        arbitrary: term`let r = builtins.tryEval ${self}; in if r.success then r.value else ${self}`,
      },
      { weight: 1, arbitrary: term`({ i, s ? "d", ... }@a: ${self}) { inherit i; x = ${int}; }` },
      { weight: 1, arbitrary: term`builtins.fromJSON (builtins.toJSON ${self})` },
      { weight: 1, arbitrary: one("(throw s)", "(abort s)", "null") },
    );
  };

  return {
    int: of(
      "int",
      one("0", "1", "2", "10", "9223372036854775807", "(-9223372036854775807 - 1)"),
      term`${int} ${one("+", "-", "*", "/")} ${int}`,
      term`-${int}`,
      term`${fn} ${int}`,
      term`builtins.length ${fc.oneof(ints, strings)}`,
      term`builtins.stringLength ${string}`,
      term`builtins.elemAt ${ints} ${small}`,
      term`builtins.foldl' (i: j: ${int}) ${int} ${ints}`,
      term`builtins.head ${ints}`,
      term`builtins.${one("bitAnd", "bitOr", "bitXor", "compareVersions")} ${int} ${int}`,
      term`builtins.compareVersions ${string} ${string}`,
      term`builtins.${one("ceil", "floor")} ${float}`,
      term`${set}.${name} or ${int}`,
      term`${set}.${name}`,
    ),
    float: of(
      "float",
      one("0.5", "1.0e-5", "3.0e300", ".25", "123456.7", "1.0e15"),
      term`${float} ${one("+", "-", "*", "/")} ${fc.oneof(float, int)}`,
      term`${int} ${one("+", "-", "*", "/")} ${float}`,
      term`-${float}`,
    ),
    bool: of(
      "bool",
      one("true", "false"),
      term`${int} ${one("==", "!=", "<", "<=", ">", ">=")} ${fc.oneof(int, float)}`,
      term`${string} ${one("==", "!=", "<", ">=")} ${string}`,
      term`${ints} ${one("==", "<", ">")} ${ints}`,
      term`${any} ${one("==", "!=")} ${any}`,
      term`${bool} ${one("&&", "||", "->", "==")} ${bool}`,
      term`!${bool}`,
      term`${set} ? ${name}`,
      term`builtins.${one("any", "all")} (i: ${bool}) ${ints}`,
      term`builtins.elem ${int} ${ints}`,
      term`builtins.is${one("Int", "Float", "Bool", "String", "List", "Attrs", "Function", "Null", "Path")} ${any}`,
      term`builtins.match ${one(...patterns)} ${string} == null`,
    ),
    string: of(
      "string",
      literalText,
      term`${string} + ${string}`,
      fc.tuple(string, any, literalText).map(([x, y, z]) => `"\${${x}}-\${toString ${y}}${z.slice(1)}`),
      fc.tuple(string, small).map(([x, y]) => `''\n  \${${x}}\n    a ''\${ ''' $\n   ${y}''`),
      term`toString ${fc.oneof(int, float, bool, ints, string)}`,
      term`builtins.substring ${small} ${fc.oneof(small, fc.constant("(-1)"))} ${string}`,
      term`builtins.concatStringsSep ${string} ${strings}`,
      term`builtins.replaceStrings ${strings} ${strings} ${string}`,
      term`builtins.toJSON ${any}`,
      term`builtins.toXML ${any}`,
      term`builtins.typeOf ${any}`,
      term`builtins.hashString "${one("md5", "sha1", "sha256", "sha512")}" ${string}`,
      term`builtins.${one("baseNameOf", "dirOf", "escapeShellArg or toString")} ${string}`,
      term`builtins.head ${strings}`,
    ),
    ints: of(
      "ints",
      one("[ ]", "[ 1 2 3 ]"),
      term`[ ${int} ${int} ]`,
      term`${ints} ++ ${ints}`,
      term`map ${fn} ${ints}`,
      term`builtins.filter (i: ${bool}) ${ints}`,
      term`builtins.genList ${fn} ${small}`,
      term`builtins.sort (i: j: ${bool}) ${ints}`,
      term`builtins.sort builtins.lessThan ${ints}`,
      term`builtins.concatMap (i: ${ints}) ${ints}`,
      term`builtins.attrValues ${set}`,
      term`builtins.tail ${ints}`,
      term`(builtins.partition (i: ${bool}) ${ints}).${one("right", "wrong")}`,
    ),
    strings: of(
      "strings",
      one("[ ]", '[ "a" "" ]'),
      term`[ ${string} ${string} ]`,
      term`${strings} ++ ${strings}`,
      term`map (s: ${string}) ${strings}`,
      term`builtins.attrNames ${set}`,
      term`builtins.sort (s: t: s < t) ${strings}`,
      term`builtins.filter builtins.isString (builtins.split ${one(...patterns)} ${string})`,
      term`builtins.splitVersion ${string}`,
    ),
    set: of(
      "set",
      one("{ }", "{ x = 1; }"),
      term`{ ${name} = ${int}; }`,
      term`rec { x = ${int}; y = x; z = 0; }`,
      term`{ inherit i; x = ${int}; \${${string}} = ${int}; }`,
      term`{ inherit (${set}) ${one("x", "y")}; }`,
      term`${set} // ${set}`,
      term`builtins.mapAttrs (s: i: ${int}) ${set}`,
      term`builtins.removeAttrs ${set} ${strings}`,
      term`builtins.intersectAttrs ${set} ${set}`,
      term`builtins.listToAttrs (map (s: { name = s; value = ${int}; }) ${strings})`,
      term`builtins.mapAttrs (s: is: builtins.length is) (builtins.groupBy toString ${ints})`,
      term`builtins.zipAttrsWith (s: is: builtins.foldl' builtins.add 0 is) [ ${set} ${set} ]`,
    ),
    fn: of(
      "fn",
      one("(i: i)", "builtins.sub 1"),
      term`i: ${int}`,
      term`j: ${int}`,
      term`builtins.add ${int}`,
      term`{ __functor = self: j: ${int}; }`,
    ),
    any: fc.oneof(int, float, bool, string, ints, strings, set, fc.constant("null"), fn),
  };
});

/** A whole expression. */
export const typedExpression = expression.map((text) => `${bindings}[ ${text} ]`);
