# A wrong address: the machine cannot be reached any more once this is active.
{
  imports = [ ../default.nix ];
  nodes.foo = {
    successTimeout = 5;
    configuration.systemd.network.networks."05-uplink" = {
      matchConfig.Name = "host0 en* eth*";
      address = [ "192.0.2.77/24" ];
    };
  };
}
