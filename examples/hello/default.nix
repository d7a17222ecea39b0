# One Debian machine that serves a page. `nixus deploy -f examples/hello`
{ lib, ... }:
{
  nodes.foo = {
    host = "root@foo.example.com";
    platform = "linux";
    configuration = {
      environment.etc."hello/index.html".text = lib.mkDefault "Hello from foo!\n";

      systemd.services.hello = {
        description = "Says hello over HTTP";
        wantedBy = [ "multi-user.target" ];
        serviceConfig = {
          ExecStart = "/usr/bin/busybox httpd -f -p 80 -h /etc/hello";
          Restart = "on-failure";
        };
      };
    };
  };
}
