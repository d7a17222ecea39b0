# The smallest network that is of use: one machine with a web page, to begin with and to grow from.
# `nixus deploy -f examples/seedling`
{
  nodes.seedling = {
    host = "root@seedling.example.com";
    platform = "linux";
    configuration = {
      networking.hostName = "seedling";

      # You: an account with your key, and root's rights.
      users.users.alice = {
        isNormalUser = true;
        shell = "/bin/bash";
        openssh.authorizedKeys.keys = [
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMEztba4lqoQ1aRmB3lMh36zZiH8mrGcl9yywXnIL1dC alice"
        ];
      };
      security.sudo.extraRules = [
        {
          users = [ "alice" ];
          commands = [
            {
              command = "ALL";
              options = [ "NOPASSWD" ];
            }
          ];
        }
      ];

      networking.firewall = {
        enable = true;
        allowedTCPPorts = [ 80 ];
      };

      environment.etc."www/index.html".text = "It grows.\n";
      systemd.services.www = {
        description = "The web page";
        wantedBy = [ "multi-user.target" ];
        serviceConfig = {
          ExecStart = "/usr/bin/busybox httpd -f -p 80 -h /etc/www";
          Restart = "on-failure";
          DynamicUser = true;
          AmbientCapabilities = "CAP_NET_BIND_SERVICE";
        };
      };
    };
    # The switch counts only if the page is there.
    healthChecks.page.http.url = "http://seedling.example.com/";
  };
}
