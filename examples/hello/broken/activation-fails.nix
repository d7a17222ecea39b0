# An activation script that fails half-way.
{
  imports = [ ../default.nix ];
  nodes.foo.configuration = {
    environment.etc."hello/index.html".text = "Never to be seen\n";
    system.activationScripts.broken = ''
      echo "this script fails"
      exit 1
    '';
  };
}
