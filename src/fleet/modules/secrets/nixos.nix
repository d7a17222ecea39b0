# `secrets.files` of a NixOS machine. `secretFiles` is the type of its value; `manifestOf` gives the text of the manifest
# (manifest.ts) for such a value; `scripts` is the store path that has secrets.sh.
{
  secretFiles,
  manifestOf,
  scripts,
}:
{ config, lib, ... }:
let
  files = config.secrets.files;
  manifest = builtins.toFile "nixus-secrets" (manifestOf files);
  # A missing secret is a failure of a new system, not of the committed one, which can always be gone back to.
  run = which: ''
    (
      . ${scripts}/secrets.sh
      install_secrets ${manifest} ${which} ||
        [ "$(readlink -f /nix/var/nix/profiles/system)" = "$(readlink -f "$systemConfig")" ]
    )
  '';

  hasReloadTriggers = lib.versionAtLeast (lib.trivial.release or "20.09") "22.05";
  triggers =
    attribute: list:
    builtins.concatMap (
      secret:
      map (unit: {
        name = serviceOf secret unit;
        value.${attribute} = [ secret.file ];
      }) secret.${list}
    ) (builtins.attrValues files);
  serviceOf =
    secret: unit:
    if lib.hasSuffix ".service" unit then
      lib.removeSuffix ".service" unit
    else
      throw "secrets: '${unit}' is no service; only services can be restarted or reloaded when a secret changes";
  services =
    triggers "restartTriggers" "restartUnits"
    ++ triggers (if hasReloadTriggers then "reloadTriggers" else "restartTriggers") "reloadUnits";
in
{
  options.secrets.files = lib.mkOption {
    type = secretFiles;
    default = { };
    description = "Files whose contents are in no store and no configuration.";
  };

  config = lib.mkIf (files != { }) {
    # Scripts run in the order of their names where nothing else is said: this one before those that make accounts,
    # whatever names they have in a release.
    system.activationScripts.NixusSecretsEarly = {
      deps = [ "specialfs" ];
      text = run "early";
    };
    system.activationScripts.nixusSecrets = {
      deps = [
        "users"
        "groups"
      ];
      text = run "all" + ''
        ( . ${scripts}/secrets.sh; link_secrets ${manifest} )
      '';
    };
    system.extraSystemBuilderCmds = ''
      ln -s ${manifest} $out/nixus-secrets
    '';
    systemd.services = lib.mkMerge (map ({ name, value }: { ${name} = value; }) services);
  };
}
