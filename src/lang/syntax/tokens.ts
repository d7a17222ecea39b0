/**
 * The tokens of the Nix language. A number, not a union of literals: the parser compares the same property before and
 * after it has moved on, which narrowing would take for a contradiction. The numbers follow the order in which Nix's grammar declares them, because its
 * messages list what was expected in that order.
 */
export type Token = number & { readonly __token: never };

function token(number: number): Token {
  return number as Token;
}

export const Token = {
  end: token(0),
  invalid: token(1),
  identifier: token(2),
  string: token(3),
  indentedString: token(4),
  integer: token(5),
  float: token(6),
  path: token(7),
  homePath: token(8),
  searchPath: token(9),
  pathEnd: token(10),
  uri: token(11),
  ifKeyword: token(12),
  thenKeyword: token(13),
  elseKeyword: token(14),
  assertKeyword: token(15),
  withKeyword: token(16),
  letKeyword: token(17),
  inKeyword: token(18),
  recKeyword: token(19),
  inheritKeyword: token(20),
  equal: token(21),
  notEqual: token(22),
  lessOrEqual: token(23),
  greaterOrEqual: token(24),
  update: token(25),
  concat: token(26),
  and: token(27),
  or: token(28),
  implies: token(29),
  orKeyword: token(30),
  pipeFrom: token(31),
  pipeInto: token(32),
  dollarCurly: token(33),
  indentedOpen: token(34),
  indentedClose: token(35),
  ellipsis: token(36),
  less: token(37),
  greater: token(38),
  plus: token(39),
  minus: token(40),
  times: token(41),
  divide: token(42),
  question: token(43),
  colon: token(44),
  at: token(45),
  semicolon: token(46),
  not: token(47),
  dot: token(48),
  quote: token(49),
  parenOpen: token(50),
  parenClose: token(51),
  curlyOpen: token(52),
  curlyClose: token(53),
  bracketOpen: token(54),
  bracketClose: token(55),
  assign: token(56),
  comma: token(57),
} as const;

/** UTF-8 of the ellipsis, as messages are byte strings. */
const dots = "\xe2\x80\xa6";

const names: readonly string[] = [
  "end of file",
  "invalid token",
  "identifier",
  "string",
  "indented string",
  "integer",
  "floating-point literal",
  "path",
  `'~/${dots}' path`,
  `'<${dots}>' path`,
  "end of path",
  "URI",
  "'if'",
  "'then'",
  "'else'",
  "'assert'",
  "'with'",
  "'let'",
  "'in'",
  "'rec'",
  "'inherit'",
  "'=='",
  "'!='",
  "'<='",
  "'>='",
  "'//'",
  "'++'",
  "'&&'",
  "'||'",
  "'->'",
  "'or'",
  "'<|'",
  "'|>'",
  "'${'",
  "start of an indented string",
  "end of an indented string",
  "'...'",
  "'<'",
  "'>'",
  "'+'",
  "'-'",
  "'*'",
  "'/'",
  "'?'",
  "':'",
  "'@'",
  "';'",
  "'!'",
  "'.'",
  "'\"'",
  "'('",
  "')'",
  "'{'",
  "'}'",
  "'['",
  "']'",
  "'='",
  "','",
];

/** The token as messages name it, e.g. `'}'`, `identifier` (a byte string). */
function tokenName(token: Token): string {
  return names[token]!;
}

/** Nix lists at most this many expected tokens, and none when there are more. */
const maxExpected = 4;

/** Nix's words for a token that does not fit. `expected`: empty when there are too many to list. */
export function unexpectedToken(found: Token, expected: readonly Token[]): string {
  const message = `syntax error, unexpected ${tokenName(found)}`;
  if (expected.length === 0 || expected.length > maxExpected) return message;
  const sorted = [...expected].sort((a, b) => a - b);
  return `${message}, expecting ${sorted.map(tokenName).join(" or ")}`;
}
