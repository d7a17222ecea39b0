# A module of your own that touches several machines, in the Nix language. `nixus deploy -f examples/own-module`
# The same with the module in TypeScript: `nixus deploy -f examples/own-module/typescript.nix`
{
  imports = [
    ./machines.nix
    ./backups.nix
  ];
}
