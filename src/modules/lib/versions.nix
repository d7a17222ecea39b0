# Parts of version numbers.
{ lib, ... }:
rec {
  inherit (builtins) compareVersions splitVersion;
  major = version: builtins.elemAt (splitVersion version) 0;
  minor = version: builtins.elemAt (splitVersion version) 1;
  patch = version: builtins.elemAt (splitVersion version) 2;
  majorMinor = version: lib.concatStringsSep "." (lib.take 2 (splitVersion version));
  # Exactly `n` components, with `.0` where there are fewer.
  pad =
    n: version:
    let
      parts = lib.match "^([0-9][0-9.]*)(.*)$" version;
      numbers = if parts == null then throw "pad: ${version} is not a version" else lib.splitString "." (lib.head parts);
    in
    lib.concatStringsSep "." (lib.take n (numbers ++ lib.replicate n "0")) + builtins.elemAt parts 1;
}
