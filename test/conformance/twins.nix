# Systems that differ from one another in what the options manual shows, or in what looks as if it did: evaluated
# together, each must become what it becomes alone.
let
  base = {
    boot.loader.grub.device = "/dev/vda";
    fileSystems."/".device = "/dev/vda1";
  };
  twin = configuration: { imports = [ base configuration ]; };
  option = description: { lib, ... }: {
    options.services.twin.enable = lib.mkEnableOption description;
  };
  overlay = change: { nixpkgs.overlays = [ (self: super: { jq = super.jq.overrideAttrs change; }) ]; };
in
builtins.mapAttrs (_: twin) {
  plain = { };
  hostName.networking.hostName = "other";
  stateVersion.system.stateVersion = "19.09";
  option = option "a twin";
  allModules = { documentation.nixos.includeAllModules = true; };
  optionInManual = { imports = [ (option "a twin") ]; documentation.nixos.includeAllModules = true; };
  otherOptionInManual = { imports = [ (option "another twin") ]; documentation.nixos.includeAllModules = true; };
  documentedPackage = overlay (old: { name = "jq-of-a-twin"; });
  otherDocumentedPackage = overlay (old: { name = "jq-of-another-twin"; });
  equalOverlay = overlay (old: { name = "jq-of-a-twin"; });
  relatedPackage.nixpkgs.overlays = [
    (self: super: { tmux = super.tmux.overrideAttrs (old: { meta = old.meta // { description = "twin"; }; }); })
  ];
  allowUnfree.nixpkgs.config.allowUnfree = true;
  kernelPatch.boot.kernelPatches = [ { name = "twin"; patch = null; extraConfig = "TWIN y"; } ];
  equalKernelPatch.boot.kernelPatches = [ { name = "twin"; patch = null; extraConfig = "TWIN y"; } ];
  otherKernel = { pkgs, ... }: { boot.kernelPackages = pkgs.linuxPackages_latest; };
  kernelSeed.boot.kernel.randstructSeed = "twin";
  argument._module.args.twin = "for modules";
  noManual.documentation.nixos.enable = false;
  crossCompiled.nixpkgs.crossSystem.system = "aarch64-linux";
  otherSystem.nixpkgs.localSystem.system = "aarch64-linux";
  container.containers.inner.config.networking.hostName = "inner";
}
