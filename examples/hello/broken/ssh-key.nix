# Somebody else's key only: whoever deploys this locks himself out.
{
  imports = [ ../default.nix ];
  nodes.foo = {
    successTimeout = 5;
    configuration = {
      services.openssh.authorizedKeysInHomedir = false;
      users.users.root.openssh.authorizedKeys.keys = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8bM2uv2bXhTBqEIyXbmcMcOSCmhbVfpC1mX1qS5k5z somebody@else"
      ];
    };
  };
}
