# Types made in the Nix language.
{ lib, native }:
rec {
  isType = tag: value: (value._type or "") == tag;
  setType = tag: value: value // { _type = tag; };
  isOptionType = isType "option-type";
  defaultFunctor = name: {
    inherit name;
    type = lib.types.${name} or null;
    wrapped = null;
    payload = null;
    binOp = _: _: null;
  };
  defaultTypeMerge =
    f: g:
    let
      payload = f.binOp f.payload g.payload;
    in
    if f.name != g.name || (f.payload == null) != (g.payload == null) then
      null
    else if f.payload == null then
      f.type
    else if payload == null then
      null
    else
      f.type payload;
  mkOptionType =
    {
      name,
      description ? null,
      descriptionClass ? null,
      check ? _: true,
      merge ? lib.options.mergeDefaultOption,
      emptyValue ? { },
      getSubOptions ? _: { },
      getSubModules ? null,
      substSubModules ? _: null,
      typeMerge ? defaultTypeMerge functor,
      functor ? defaultFunctor name,
      deprecationMessage ? null,
      nestedTypes ? { },
    }:
    {
      _type = "option-type";
      description = if description == null then name else description;
      inherit
        name
        check
        deprecationMessage
        descriptionClass
        emptyValue
        functor
        getSubModules
        getSubOptions
        merge
        nestedTypes
        substSubModules
        typeMerge
        ;
    };
  optionDescriptionPhrase =
    plain: type:
    if plain (type.descriptionClass or null) then type.description else "(${type.description})";
}
