# Files and directories.
{ ... }:
rec {
  inherit (builtins) baseNameOf dirOf readDir;
  readFileType = builtins.readFileType or pathTypeOfListing;
  pathType = path: if builtins.pathExists path then readFileType path else throw "the path ${toString path} does not exist";
  pathTypeOfListing = path: (builtins.readDir (dirOf path)).${baseNameOf path};
  pathIsDirectory = path: builtins.pathExists path && pathType path == "directory";
  pathIsRegularFile = path: builtins.pathExists path && pathType path == "regular";
}
