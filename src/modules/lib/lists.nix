# Functions on lists.
{ lib, native }:
let
  inherit (builtins)
    all
    concatLists
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isList
    length
    tail
    ;
in
rec {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isList
    length
    map
    partition
    sort
    tail
    ;
  groupBy = builtins.groupBy or (f: groupBy' (found: x: found ++ [ x ]) [ ] f);

  singleton = x: [ x ];
  forEach = list: f: map f list;
  foldr =
    op: nul: list:
    let
      n = length list;
      from = i: if i == n then nul else op (elemAt list i) (from (i + 1));
    in
    from 0;
  fold = foldr;
  foldl =
    op: nul: list:
    let
      upTo = i: if i == 0 then nul else op (upTo (i - 1)) (elemAt list (i - 1));
    in
    upTo (length list);
  imap0 = f: list: genList (i: f i (elemAt list i)) (length list);
  imap1 = f: list: genList (i: f (i + 1) (elemAt list i)) (length list);
  ifilter0 = p: list: map (i: elemAt list i) (filter (i: p i (elemAt list i)) (genList lib.id (length list)));
  flatten = x: if isList x then builtins.concatMap flatten x else [ x ];
  remove = e: filter (x: x != e);
  findSingle =
    p: none: multiple: list:
    let
      found = filter p list;
    in
    if found == [ ] then
      none
    else if length found == 1 then
      head found
    else
      multiple;
  findFirst =
    p: none: list:
    let
      n = length list;
      from =
        i:
        if i == n then
          none
        else if p (elemAt list i) then
          elemAt list i
        else
          from (i + 1);
    in
    from 0;
  findFirstIndex =
    p: none: list:
    let
      n = length list;
      from =
        i:
        if i == n then
          none
        else if p (elemAt list i) then
          i
        else
          from (i + 1);
    in
    from 0;
  count = p: foldl' (n: x: if p x then n + 1 else n) 0;
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  toList = x: if isList x then x else [ x ];
  range = first: last: if first > last then [ ] else genList (i: first + i) (last - first + 1);
  replicate = n: x: genList (_: x) n;
  groupBy' =
    op: nul: f: list:
    foldl' (
      found: x:
      let
        key = f x;
      in
      found // { ${key} = op (found.${key} or nul) x; }
    ) { } list;
  zipListsWith =
    f: a: b:
    genList (i: f (elemAt a i) (elemAt b i)) (lib.min (length a) (length b));
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });
  reverseList =
    list:
    let
      n = length list;
    in
    genList (i: elemAt list (n - 1 - i)) n;

  # Walks from the first element to those that must stand `before` it, as deep as it goes.
  listDfs =
    stopOnCycles: before: list:
    let
      walk =
        us: visited: rest:
        let
          parts = builtins.partition (x: before x us) rest;
          seen = [ us ] ++ visited;
        in
        if stopOnCycles && builtins.any (x: before us x && before x us) visited then
          {
            cycle = us;
            loops = filter (x: before x us) visited;
            visited = visited;
            rest = rest;
          }
        else if parts.right == [ ] then
          {
            minimal = us;
            visited = visited;
            rest = parts.wrong;
          }
        else
          walk (head parts.right) seen (tail parts.right ++ parts.wrong);
    in
    walk (head list) [ ] (tail list);
  # In an order that `before` allows: `{ result }`, or `{ cycle, loops }` when there is none.
  toposort =
    before: list:
    let
      next = listDfs true before list;
      others = toposort before (next.visited ++ next.rest);
    in
    if length list < 2 then
      { result = list; }
    else if next ? cycle then
      {
        cycle = reverseList ([ next.cycle ] ++ next.visited);
        inherit (next) loops;
      }
    else if others ? cycle then
      others
    else
      { result = [ next.minimal ] ++ others.result; };

  sortOn = f: list: map (pair: elemAt pair 1) (builtins.sort (a: b: head a < head b) (map (x: [ (f x) x ]) list));
  compareLists =
    compare: a: b:
    if a == [ ] then
      if b == [ ] then 0 else -1
    else if b == [ ] then
      1
    else
      let
        first = compare (head a) (head b);
      in
      if first == 0 then compareLists compare (tail a) (tail b) else first;
  # Numbers inside of strings count as numbers.
  naturalSort =
    list:
    let
      lessThan =
        a: b:
        compareLists (
          x: y:
          if builtins.typeOf x == builtins.typeOf y then lib.compare x y else lib.compare (toString x) (toString y)
        ) a b < 0;
      prepared = map (text: [
        (map (x: if isList x then builtins.fromJSON (head x) else x) (builtins.split "(0|[1-9][0-9]*)" text))
        text
      ]) list;
    in
    map (pair: elemAt pair 1) (builtins.sort (a: b: lessThan (head a) (head b)) prepared);
  take = n: sublist 0 n;
  takeEnd = n: list: drop (lib.max 0 (length list - n)) list;
  drop = n: list: sublist n (length list) list;
  dropEnd = n: list: take (lib.max 0 (length list - n)) list;
  hasPrefix = prefix: list: take (length prefix) list == prefix;
  removePrefix =
    prefix: list:
    if hasPrefix prefix list then
      drop (length prefix) list
    else
      throw "lib.lists.removePrefix: the second list does not start with the first";
  sublist =
    start: count: list:
    let
      n = length list;
    in
    genList (i: elemAt list (start + i)) (
      if start >= n then
        0
      else if start + count > n then
        n - start
      else
        count
    );
  last =
    list:
    assert lib.assertMsg (list != [ ]) "lists.last: list must not be empty!";
    elemAt list (length list - 1);
  init =
    list:
    assert lib.assertMsg (list != [ ]) "lists.init: list must not be empty!";
    take (length list - 1) list;
  unique = foldl' (found: x: if elem x found then found else found ++ [ x ]) [ ];
  uniqueStrings = list: builtins.attrNames (builtins.groupBy lib.id list);
  allUnique = list: length (unique list) == length list;
  intersectLists = a: filter (x: elem x a);
  subtractLists = a: filter (x: !(elem x a));
  mutuallyExclusive = a: b: all (x: !(elem x b)) a;
  crossLists = f: foldl' (fs: args: builtins.concatMap (f: map f args) fs) [ f ];
  concatAttrValues = set: concatLists (builtins.attrValues set);
  replaceElemAt =
    list: index: value:
    if index >= 0 && index < length list then
      genList (i: if i == index then value else elemAt list i) (length list)
    else
      throw "'lists.replaceElemAt' called with index ${toString index} on a list of size ${toString (length list)}";
}
