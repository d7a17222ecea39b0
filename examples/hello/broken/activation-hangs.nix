# An activation script that never ends.
{
  imports = [ ../default.nix ];
  nodes.foo = {
    switchTimeout = 5;
    configuration.system.activationScripts.hangs = ''
      echo "this script waits for something that never comes"
      sleep infinity
    '';
  };
}
