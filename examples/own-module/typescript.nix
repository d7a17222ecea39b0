# A module of your own that touches several machines, in TypeScript.
{
  imports = [
    ./machines.nix
    ./backups.ts
  ];
}
