/**
 * Files that belong to the language itself: `<nix/fetchurl.nix>`. They exist for `import` only, at paths that no
 * file system has.
 */

/** `/__corepkgs__/x` is how Nix shows `<nix/x>`. */
const directory = "/__corepkgs__";

/** Makes the fixed-output derivation that Nix's own downloader builds; nixpkgs fetches its bootstrap files with it. */
const fetchurl = `{ url, name ? baseNameOf (toString url)
, executable ? false, unpack ? false, impure ? false
, system ? "" # ignored: Nix itself downloads
, hash ? "", sha512 ? "", sha1 ? "", md5 ? "", sha256 ? ""
, outputHash ?
    if hash != "" then hash
    else if sha512 != "" then sha512
    else if sha1 != "" then sha1
    else if md5 != "" then md5
    else sha256
, outputHashAlgo ?
    if hash != "" then ""
    else if sha512 != "" then "sha512"
    else if sha1 != "" then "sha1"
    else if md5 != "" then "md5"
    else "sha256"
}:
derivation ({
  inherit name url executable unpack;
  builder = "builtin:fetchurl";
  system = "builtin";
  outputHashMode = if executable || unpack then "recursive" else "flat";
  preferLocalBuild = true;
  urls = [ url ];
  impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
} // (if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; }))
`;

const files = new Map([[`${directory}/fetchurl.nix`, fetchurl]]);

/** The path of `<nix/...>`; undefined when there is no such file. */
export function internalPath(name: string): string | undefined {
  if (!name.startsWith("nix/")) return undefined;
  const path = `${directory}/${name.slice("nix/".length)}`;
  return files.has(path) ? path : undefined;
}

/** The text of the internal file at the path. */
export function internalFile(path: string): string | undefined {
  return files.get(path);
}
